"""Styles: rows of γ and β, their files, and the paintings they come from. Nothing of networks."""

LONG_SIDE = 768
"""Long side, in pixels, at which a larger painting is read where no size is asked for. Smaller ones keep their size."""
