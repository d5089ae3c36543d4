"""Pictures: files, arrays, colours, windows, noise. Nothing of styles."""
