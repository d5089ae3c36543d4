"""Many photos: which file each becomes, what is to be done, and who does it."""
