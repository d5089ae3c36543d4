"""Styles: rows of γ and β, their files, and the paintings they come from. Nothing of networks."""
