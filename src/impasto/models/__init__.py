"""Models on disk, and the library of a user's own styles."""
