"""Convert between pictures and tensors, and run networks on pictures in batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn


def to_levels(images: Tensor) -> Tensor:
    """Convert values in [-1, 1] to whole levels from 0 to 255, as float32."""
    return ((images.float() + 1) * 127.5).round().clamp(0, 255)


def to_uint8(images: Tensor) -> Tensor:
    """Convert (N, 3, S, S) in [-1, 1] to uint8 (N, S, S, 3), with the same rounding as the exported graph."""
    return to_levels(images.permute(0, 2, 3, 1)).to(torch.uint8)


def to_tensor(images: np.ndarray, device: torch.device | None = None) -> Tensor:
    """Convert uint8 (N, S, S, 3) to float32 (N, 3, S, S) in [-1, 1], channels last in memory."""
    # torch wants writable memory, so pictures from a read-only map are copied. Gathered pictures are not copied again.
    pixels = torch.from_numpy(np.require(images, requirements=["C", "W"])).to(device)
    return pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


@torch.no_grad()
def predict(
    model: nn.Module,
    images: np.ndarray,
    indices: np.ndarray | None = None,
    change: Callable[[Tensor], Tensor] | None = None,
    batch_size: int = 256,
) -> tuple[np.ndarray, ...]:
    """Return the outputs of `model` for pictures uint8 (N, S, S, 3), or only for those at `indices`, as float32.

    The model is set to eval mode. `change` is applied to each batch (float32 NCHW in [-1, 1]) first.
    """
    model.eval()
    place = next(model.parameters()).device
    indices = np.arange(len(images)) if indices is None else indices
    filled: list[np.ndarray] = []
    for start in range(0, len(indices), batch_size):
        x = to_tensor(images[indices[start : start + batch_size]], place)
        outputs = [output.float().cpu().numpy() for output in model(change(x) if change else x)]
        # Made for all pictures at once: small arrays between large buffers would keep the heap from shrinking.
        filled = filled or [np.empty((len(indices), *output.shape[1:]), np.float32) for output in outputs]
        for array, output in zip(filled, outputs, strict=True):
            array[start : start + batch_size] = output
    return tuple(filled)
