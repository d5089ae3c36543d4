"""How well a model paints its styles, in numbers that people can read. It needs the [train] extra."""

from impasto.evaluation.evaluate import Evaluation, StyleScore, evaluate

__all__ = ["Evaluation", "StyleScore", "evaluate"]
