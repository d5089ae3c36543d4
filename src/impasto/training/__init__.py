"""Training; needs ``impasto[train]``."""

from impasto.training.export import TRAINED, export_model
from impasto.training.loop import train
from impasto.training.recipe import Recipe, StyleEntry, TrainingOptions, read_recipe
from impasto.training.run import Run, prepare

__all__ = [
    "TRAINED",
    "Recipe",
    "Run",
    "StyleEntry",
    "TrainingOptions",
    "export_model",
    "prepare",
    "read_recipe",
    "train",
]
