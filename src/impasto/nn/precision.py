"""The number formats that networks compute in."""

from __future__ import annotations

import torch


def fastest_precision(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware computes in it, else float32."""
    if device.type == "cuda":
        supported = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        supported = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if supported else torch.float32


def autocast(device: torch.device, precision: torch.dtype) -> torch.autocast:
    """A context in which networks on ``device`` convolve and multiply matrices in ``precision``; nothing changes for
    float32."""
    mixed = precision != torch.float32
    return torch.autocast(device.type, precision if mixed else None, enabled=mixed)
