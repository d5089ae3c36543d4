"""OpenVINO networks that take photos and give pictures of 8 bits.

Casts, layout, scaling, noise, clipping and rounding surround a network. Here they become a part of it, so all cores
compute them, in few passes over memory.
"""

from __future__ import annotations

import numpy as np
import openvino
from openvino import Type
from openvino import opset13 as opset

_PICTURE = "picture"
"""The output that is changed, if there is one."""
PHOTO, NOISE, AMOUNT = "photo", "noise", "amount"
"""The inputs that take the place of the image: a part of a photo (1,h,w,3) uint8, and noise (1,3,h,w) float32. The
third, (1,1,h,w) or (1,1,1,1) float32, multiplies the noise before it is added."""


def in_levels(network: openvino.Model) -> openvino.Model:
    """Change a network with an image and a picture in float32 to one with a photo and a picture (1,h,w,3) of uint8.

    Args:
        network: is changed in place.
    """
    photo = _input([1, -1, -1, 3], Type.u8, PHOTO)
    noise, amount = _input([1, 3, -1, -1], Type.f32, NOISE), _input([1, 1, -1, -1], Type.f32, AMOUNT)
    pixels = opset.transpose(opset.convert(photo, Type.f32), np.array([0, 3, 1, 2]))
    image = opset.add(opset.multiply(pixels, np.float32(1 / 255)), opset.multiply(noise, amount))
    replace(network, "image", image)
    network.add_parameters([photo, noise, amount])
    if any(_PICTURE in output.names for output in network.outputs):
        result = network.output(_PICTURE).get_node()
        picture = _to_levels(result.input_value(0))
        network.remove_result(result)
        picture.output(0).set_names({_PICTURE})
        network.add_results([opset.result(picture)])
    return network


def replace(network: openvino.Model, name: str, by: openvino.Node) -> None:
    """Replace an input of the network by what another node computes."""
    parameter = network.input(name).get_node()
    for target in parameter.output(0).get_target_inputs():
        target.replace_source_output(by.output(0))
    network.remove_parameter(parameter)


def _to_levels(picture: openvino.Output) -> openvino.Node:
    levels = opset.multiply(opset.clamp(picture, 0.0, 1.0), np.float32(255))
    rounded = opset.convert(opset.round(levels, "half_to_even"), Type.u8)
    return opset.transpose(rounded, np.array([0, 2, 3, 1]))


def _input(shape: list[int], kind: Type, name: str) -> openvino.op.Parameter:
    parameter = opset.parameter(shape, kind, name)
    parameter.output(0).set_names({name})
    return parameter
