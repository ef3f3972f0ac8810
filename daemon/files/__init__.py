"""Reading the disk: files, folders, file systems, and names as the disk spells them."""
