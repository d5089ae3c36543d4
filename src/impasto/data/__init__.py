"""What networks learn from: crops of photos and paintings."""
