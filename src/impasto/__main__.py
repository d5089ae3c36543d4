"""``python -m impasto``."""

from impasto.cli import main

main(prog_name="impasto")
