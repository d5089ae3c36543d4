"""``python -m impasto``."""

from impasto.cli.main import run

run()
