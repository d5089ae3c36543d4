"""Blind pairs of pictures: who paints them, which is which, and the votes. ``benchmarks/pairs.py`` has the commands."""
