"""The head draws large pictures, with or without alpha, from features of a generator.

It has copies of the generator's last layers, which go on learning. So at first it draws the small picture, enlarged.
One more doubling, and a layer that mixes channels, see what belongs at each of 64 × 64 places. A linear map makes a
square of pixels of that and of the colours of the small picture (sub-pixel convolution, Shi et al. 2016).
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tlgan_train.models.dcgan import Generator

LEAK = 0.01
"""Slope beyond black and white while the head learns, so that no pixel is stuck there."""
SMALL_START = 0.1
"""Factor of the first weights of squares, so that learning begins with the small picture."""


class Window(NamedTuple):
    """A square part of a picture, in places of the features that are doubled last."""

    row: int
    column: int
    side: int

    def slices(self, size: int, places: int) -> tuple[slice, slice]:
        """Return the rows and columns of this part in pictures with sides of `size` pixels and `places` places."""
        row, column, side = (size // places * value for value in self)
        return slice(row, row + side), slice(column, column + side)

    def of(self, pixels: Tensor, places: int) -> Tensor:
        """Return this part of pictures (N, C, S, S) that have `places` places in a row."""
        return pixels[..., *self.slices(pixels.shape[2], places)]

    def with_margin(self, features: Tensor) -> Tensor:
        """Return this part of features (N, C, F, F) and one place more at each side, with zeros beyond the picture."""
        padded = nn.functional.pad(features, (1, 1, 1, 1))
        return Window(self.row, self.column, self.side + 2).of(padded, padded.shape[2])


class Head(nn.Module):
    """Features (N, 2 · width, F, F) → pictures (N, channels, S, S) in [-1, 1], S a multiple of 4 · F.

    The fourth channel, if there is one, is straight alpha. `width` is that of the generator's last hidden layer.
    """

    def __init__(self, width: int, feature_size: int, image_size: int, channels: int) -> None:
        super().__init__()
        self.width, self.feature_size, self.image_size, self.channels = width, feature_size, image_size, channels
        self.square = image_size // (4 * feature_size)
        if self.square * 4 * feature_size != image_size or not self.square:
            raise ValueError(f"{image_size} is not a multiple of {4 * feature_size} pixels")
        self.hidden = nn.Sequential(
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.colours = nn.Sequential(nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh())
        self.doubling = nn.ConvTranspose2d(width, width, 4, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.mixing = nn.Conv2d(width, 2 * width, 1)
        self.squares = nn.Conv2d(2 * width + 3, channels * self.square**2, 1)

    @classmethod
    def copied_from(cls, generator: Generator, image_size: int, channels: int) -> Head:
        """Return a new head that draws the pictures of a generator, enlarged and opaque, but for some noise."""
        *hidden, last, tanh = copy.deepcopy(generator.last_layers).requires_grad_(True)
        head = cls(last.in_channels, generator.image_size // 4, image_size, channels)
        head.hidden, head.colours = nn.Sequential(*hidden), nn.Sequential(last, tanh)
        with torch.no_grad():
            head.squares.weight.mul_(SMALL_START)
            head.squares.bias.zero_()
            weights = head.squares.weight.view(channels, head.square**2, -1)
            weights[:3, :, -3:] = torch.eye(3)[:, None]
            head.squares.bias.view(channels, -1)[3:] = 1
        return head

    def forward(self, features: Tensor, window: Window | None = None) -> Tensor:
        """Return the pictures, or only a part of them."""
        x, inner = self.hidden(features), slice(None)
        if window is not None:
            x, inner = window.with_margin(x), slice(2, -2)
        colours, x = self.colours(x)[..., inner, inner], self.doubled(x, inner)
        x = torch.cat([self.mixing(x).relu(), colours.to(x.dtype)], dim=1)
        x = nn.functional.pixel_shuffle(self.squares(x), self.square).float()
        inside = x.clamp(-1, 1)
        return inside + LEAK * (x - inside) if self.training else inside

    def doubled(self, x: Tensor, inner: slice = slice(None)) -> Tensor:
        """Return values of the last hidden layer at twice their side, of these rows and columns."""
        return self.norm(self.doubling(x)[..., inner, inner]).relu()


class HeadedGenerator(nn.Module):
    """Latents (N, latent_dim) → pictures (N, channels, S, S) in [-1, 1], by the features of a generator and a head."""

    def __init__(self, generator: Generator, head: Head) -> None:
        super().__init__()
        self.generator, self.head = generator, head

    def forward(self, z: Tensor) -> Tensor:
        return self.head(self.generator.features(z))
