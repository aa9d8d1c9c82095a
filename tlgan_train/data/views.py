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
    angle, zoom = _uniform(x, ROTATION, (), generator), 1 + _uniform(x, SCALE, (), generator)
    cosine, sine = angle.cos() / zoom, angle.sin() / zoom
    matrix = torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)
    shift = _uniform(x, 2 * SHIFT, (2, 1), generator)
    grid = functional.affine_grid(torch.cat([matrix, shift], 2), list(x.shape), align_corners=False)
    # Bicubic: bilinear sampling would blur what it moves, and a generator would learn to draw blurred faces.
    return functional.grid_sample(x, grid, "bicubic", "border", align_corners=False)


def random_light(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return copies of pictures float32 (N, 3, S, S) with other contrast and brightness; see `random_affine`."""
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    contrast, level = _uniform(x, CONTRAST, (1, 1, 1), generator), _uniform(x, BRIGHTNESS, (1, 1, 1), generator)
    return (x - mean) * (1 + contrast) + mean + level


def random_views(x: Tensor, share: float) -> Tensor:
    """Return pictures float32 (N, 3, S, S) in [-1, 1], of which about `share` are changed at random."""
    chosen = torch.rand(len(x)) < share
    if not chosen.any():
        return x
    views = x.clone()
    views[chosen] = random_light(random_affine(x[chosen])).clamp_(-1, 1)
    return views


def _uniform(x: Tensor, largest: float, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
    """Return a number from -largest to largest for each picture, (N, *shape), on the device of the pictures."""
    return ((2 * torch.rand(len(x), *shape, generator=generator) - 1) * largest).to(x.device)
