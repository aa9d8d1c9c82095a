"""Faces whose arithmetic is known: a data set of bars, and a generator and readers that are exact inverses."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tlgan_train.data.dataset import Dataset
from tlgan_train.models.prior import Prior

EMOTIONS = ("anger", "joy", "sadness")
CHARACTERS = ("ada", "bo")
LATENT_DIM = 8
GAIN = 2.0
"""Emotion logits are this times the first three latents."""
FACTOR = 5
"""The latent that the known factor is."""
CHARACTER = 6
"""The latent whose sign is the character."""


def bars(count: int, size: int = 32, seed: int = 0) -> Dataset:
    """A bar whose height is the emotion on a ground whose colour is the character; `count` of each pair.

    Of each class the first eight tenths train, one tenth validates and one tenth tests.
    """
    random = np.random.default_rng(seed)
    character, emotion = (grid.ravel().repeat(count) for grid in np.meshgrid(range(2), range(3), indexing="ij"))
    images = np.empty((len(emotion), size, size, 3))
    for image, e, c in zip(images, emotion, character, strict=True):
        image[:] = ((200, 70, 60), (60, 70, 200))[c]
        top = size * (2 + 5 * e) // 16 + random.integers(-1, 2)
        image[top : top + size // 6, size // 5 : -size // 5] = 230
    images = np.clip(images + random.normal(0, 12, images.shape), 0, 255).astype(np.uint8)
    split = np.tile(np.repeat([0, 1, 2], [count - 2 * (count // 10), count // 10, count // 10]), 6).astype(np.uint8)
    return Dataset(images, emotion, character, split, EMOTIONS, CHARACTERS, digest="0" * 64, spec="bars")


class Painter(nn.Module):
    """z (N, 8) → picture (N, 3, 8, 8): latent k is shown by every eighth value, as tanh(z / 4)."""

    latent_dim = LATENT_DIM

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(4.0))
        self.prior = Prior((), LATENT_DIM)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(z / self.scale).repeat(1, 24).view(-1, 3, 8, 8)


class Reader(nn.Module):
    """Reads latents back from a picture: logits of emotion (N, 3) and of character (N, 2)."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        z = self.latents(x)
        sign = 20 * z[:, CHARACTER : CHARACTER + 1]
        return GAIN * z[:, :3], torch.cat([sign, -sign], dim=1)

    def latents(self, x: Tensor) -> Tensor:
        return 4 * torch.atanh(x.reshape(-1, 24, LATENT_DIM)[:, 0].clamp(-0.999, 0.999))


class FullReader(Reader):
    """As the judge: features (the latents themselves), emotion, character, and one known factor (N, 1)."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        z = self.latents(x)
        return (z, *super().forward(x), z[:, FACTOR : FACTOR + 1])
