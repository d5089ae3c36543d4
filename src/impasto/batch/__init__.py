"""Many photos: what is to be done, and who does it."""
