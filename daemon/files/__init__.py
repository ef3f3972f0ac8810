"""What the disk says: files, folders, file systems, and names as the disk spells them."""
