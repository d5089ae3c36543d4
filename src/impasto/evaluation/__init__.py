"""Evaluation: how good the styles of a model are, in numbers that people can read; needs ``impasto[train]``."""

from impasto.evaluation.evaluate import Evaluation, StyleScore, evaluate

__all__ = ["Evaluation", "StyleScore", "evaluate"]
