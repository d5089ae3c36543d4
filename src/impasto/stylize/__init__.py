"""Photo and style in, picture out: where networks and pictures meet."""
