"""Losses of the head: sprites as in the pictures, whatever is behind them, and faces that the small generator draws."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tlgan_runtime.transparency import Colour

ENLARGING = {"picture": 1.0, "alpha": 1.0, "small": 0.25}
"""The weight of each loss. Small faces are softer than sharp ones, so their weight is small."""
SAME_SIZE = {"picture": 1.0, "alpha": 4.0, "small": 8.0}
"""The weights for faces that are drawn as small as the generator draws them. There is nothing to sharpen, and a picture
drawn again is softer than what the discriminator taught the generator, so the head hardly changes more than alpha."""


def losses(drawn: Tensor, sprites: Tensor, small: Tensor, background: Tensor) -> dict[str, Tensor]:
    """Return the losses of drawn pictures, means over pixels in units of the whole range.

    Args:
        drawn: (N, 3 or 4, S, S) in [-1, 1]; a fourth channel is straight alpha.
        sprites: (N, 4, S, S), the pictures that should have been drawn.
        small: (N, 3, s, s), the same faces as the small generator draws them.
        background: (3,), the colour behind those.

    `picture` compares both over one random colour for each picture, so colours count as far as they are seen; without
    alpha, over the background. `alpha` compares alpha. `small` compares averages of drawn pixels with the small faces:
    classifiers, judge and axes know these.
    """
    own, clear = background[:, None, None], drawn.shape[1] == 4
    behind = torch.rand(len(drawn), 3, 1, 1, device=drawn.device) * 2 - 1 if clear else own
    found = {"picture": (over(drawn, behind) - over(sprites, behind)).abs().mean()}
    if clear:
        found["alpha"] = (drawn[:, 3:] - sprites[:, 3:]).abs().mean()
    return {
        name: loss / 2 for name, loss in {**found, "small": (averaged(drawn, own, small) - small).abs().mean()}.items()
    }


def averaged(drawn: Tensor, background: Tensor, small: Tensor) -> Tensor:
    """Return drawn pictures over a background with the size of small ones, as averages over squares."""
    return functional.avg_pool2d(over(drawn, background), drawn.shape[2] // small.shape[2])


def over(pictures: Tensor, behind: Tensor) -> Tensor:
    """Return pictures (N, 3 or 4, S, S) in [-1, 1] over a colour, (3, 1, 1) or (N, 3, 1, 1), as (N, 3, S, S)."""
    if pictures.shape[1] == 3:
        return pictures
    alpha = (pictures[:, 3:] + 1) / 2
    return alpha * pictures[:, :3] + (1 - alpha) * behind


def in_range(colour: Colour, device: torch.device) -> Tensor:
    """Return a colour as float32 (3,) in [-1, 1]."""
    return torch.tensor(colour, dtype=torch.float32, device=device) / 127.5 - 1
