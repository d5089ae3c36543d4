"""The learning rate over a training."""

from __future__ import annotations

import math

from impasto.training.recipe import TrainingOptions


def learning_rate(step: int, options: TrainingOptions) -> float:
    """The learning rate at ``step``: it rises over the warm-up, stays, then falls along a cosine to 0."""
    rising = min(1.0, (step + 1) / options.warmup) if options.warmup else 1.0
    decay_steps = options.decay * options.steps
    left = options.steps - step
    falling = 0.5 - 0.5 * math.cos(math.pi * left / decay_steps) if left < decay_steps else 1.0
    return options.learning_rate * rising * falling
