"""Random shift, rotation, scale and light: other views of a picture that show the same face and the same emotion."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

SHIFT = 1 / 16
"""Largest shift in each direction, as a share of the side."""
ROTATION = math.radians(10)
"""Largest rotation to either side."""
SCALE = 0.1
"""Largest relative change of size."""
CONTRAST, BRIGHTNESS = 0.15, 0.08
"""Largest relative change of contrast about the picture's mean, and of level, where the whole range is 2."""


def random_affine(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return shifted, rotated and scaled copies of pictures float32 (N, 3, S, S); borders are repeated outwards.

    `generator` is a CPU generator; None stands for torch's own.
    """
    angle = uniform(x, generator, -ROTATION, ROTATION).flatten()
    zoom = uniform(x, generator, 1 - SCALE, 1 + SCALE).flatten()
    cosine, sine = angle.cos() / zoom, angle.sin() / zoom
    matrix = torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)
    shift = uniform(x, generator, -2 * SHIFT, 2 * SHIFT, channels=2)[..., 0]
    grid = functional.affine_grid(torch.cat([matrix, shift], 2), list(x.shape), align_corners=False)
    # Bicubic: bilinear sampling would blur what it moves, and a generator would learn to draw blurred faces.
    return functional.grid_sample(x, grid, "bicubic", "border", align_corners=False)


def random_light(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return copies of pictures float32 (N, 3, S, S) with other contrast and brightness; see `random_affine`."""
    contrast = uniform(x, generator, -CONTRAST, CONTRAST)
    return relit(x, contrast, level=uniform(x, generator, -BRIGHTNESS, BRIGHTNESS))


def random_views(x: Tensor, share: float) -> Tensor:
    """Return pictures float32 (N, 3, S, S) in [-1, 1], of which about `share` are changed at random."""
    chosen = torch.rand(len(x)) < share
    if not chosen.any():
        return x
    views = x.clone()
    views[chosen] = random_light(random_affine(x[chosen])).clamp_(-1, 1)
    return views


def relit(x: Tensor, contrast: Tensor, level: Tensor) -> Tensor:
    """Return pictures (N, 3, S, S) with their contrast about the mean changed by a share, and then their level."""
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - mean) * (1 + contrast) + (mean + level)


def uniform(x: Tensor, generator: torch.Generator | None, low: float, high: float, channels: int = 1) -> Tensor:
    """Return numbers from `low` to `high` for each of N pictures, (N, channels, 1, 1), on their device."""
    values = torch.rand(len(x), channels, 1, 1, generator=generator).to(x.device)
    return values * (high - low) + low
