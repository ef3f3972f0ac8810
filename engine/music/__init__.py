"""What the music is: measured, and asked of a model that hears, in processes of their own."""
