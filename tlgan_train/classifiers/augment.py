"""Random changes that leave a face's emotion and character alone: what a generator's pictures suffer from, and more.

A network trained on clean drawings alone misreads the soft, blotchy and slightly off-colour pictures of a generator.
Every change has its own strength for every picture, from none upwards, so clean pictures stay within what is seen.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tlgan_train.data.views import relit, uniform

SHIFT = 1 / 32
"""Largest shift, share of the side."""
BRIGHTNESS = 0.15
"""Largest change of level, where the whole range is 2; half as much again for each colour by itself."""
CONTRAST = 0.25
"""Largest relative change of contrast about the picture's mean; 0.3 of it for each colour by itself."""
SMALLEST_SCALE = 0.4
"""Smallest scale that a picture is shrunk to before it is enlarged again, which blurs it."""
SHARPEN = 0.5
"""Largest share of the detail lost by that which is added instead of taken."""
GRAIN = 0.08
"""Largest standard deviation of noise that is independent in every pixel."""
BLOTCH = 0.1
"""Largest standard deviation of smooth noise, a few pixels wide, as transposed convolutions leave it."""


def augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Changed copies of pictures float32 (N, 3, S, S) in [-1, 1], in the same range.

    All randomness comes from `generator`, a CPU generator whatever device the pictures are on.
    """
    x = _shift(x, generator)
    x = _colour(x, generator)
    x = _resample(x, generator)
    return _noise(x, generator).clamp_(-1, 1)


def _shift(x: Tensor, generator: torch.Generator) -> Tensor:
    last = x.shape[-1] - 1
    reach = max(1, round(x.shape[-1] * SHIFT))
    along = torch.arange(last + 1, device=x.device)
    down, right = torch.randint(-reach, reach + 1, (2, len(x), 1), generator=generator).to(x.device)
    picture = torch.arange(len(x), device=x.device)[:, None, None]
    # Clamping repeats the border, as padding would; padding first costs ten times as much on a CPU.
    rows, columns = (along + down).clamp(0, last)[:, :, None], (along + right).clamp(0, last)[:, None, :]
    return x[picture, :, rows, columns].permute(0, 3, 1, 2)


def _colour(x: Tensor, generator: torch.Generator) -> Tensor:
    contrast = uniform(x, generator, -CONTRAST, CONTRAST) + 0.3 * uniform(x, generator, -CONTRAST, CONTRAST, 3)
    level = uniform(x, generator, -BRIGHTNESS, BRIGHTNESS) + 0.5 * uniform(x, generator, -BRIGHTNESS, BRIGHTNESS, 3)
    return relit(x, contrast, level)


def _resample(x: Tensor, generator: torch.Generator) -> Tensor:
    # One scale for the batch, since its pictures are resized together; how far each goes is its own.
    scale = SMALLEST_SCALE + (1 - SMALLEST_SCALE) * torch.rand((), generator=generator).item()
    side = max(1, round(x.shape[-1] * scale))
    small = functional.interpolate(x, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
    soft = functional.interpolate(small, size=x.shape[-2:], mode="bilinear", align_corners=False)
    return torch.lerp(x, soft, uniform(x, generator, -SHARPEN, 1))


def _noise(x: Tensor, generator: torch.Generator) -> Tensor:
    side = max(2, x.shape[-1] // 8)
    coarse = torch.randn(len(x), 3, side, side, generator=generator).to(x.device)
    blotches = functional.interpolate(coarse, size=x.shape[-2:], mode="bilinear", align_corners=False)
    # Drawn as (N, S, S, 3): the order in memory of pictures that come from uint8 NHWC, which makes the sum cheap.
    grain = torch.randn(len(x), *x.shape[-2:], 3, generator=generator).to(x.device).permute(0, 3, 1, 2)
    return x + uniform(x, generator, 0, BLOTCH) * blotches + uniform(x, generator, 0, GRAIN) * grain
