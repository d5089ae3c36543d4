"""Film as files: frames, their times, colours and sound are read and written here. Nothing here knows of styles."""
