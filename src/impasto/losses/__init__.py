"""What pictures are judged by, in PyTorch: content, style, and artifacts."""
