"""Models on disk, and the library of the user's own styles."""
