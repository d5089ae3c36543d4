"""A network and its predictor as one module."""

from __future__ import annotations

import torch

from impasto.nn import StyleTransferNetwork
from impasto.nn.joint import JointNetwork
from impasto.nn.predictor import StylePredictor


def test_weights_under_their_old_names_are_read_as_from_a_checkpoint_of_training() -> None:
    torch.manual_seed(0)
    joint, other = (JointNetwork(StyleTransferNetwork("fast"), StylePredictor(1560)) for _ in range(2))
    state = joint.state_dict()
    old = {name.replace("encoder.", "looks.").replace("head", "look"): tensor for name, tensor in state.items()}
    assert "predictor.looks.look1_2.weight" in old
    other.load_state_dict(old)
    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in state.items())
