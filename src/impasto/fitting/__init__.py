"""Fitting one row of γ and β, or the pixels of one picture; the network stays as it is."""
