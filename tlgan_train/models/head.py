"""The head draws large pictures, with or without alpha, from the last features of a generator.

Those features have half the side of the generator's own pictures. One doubling brings them to its full side. Then one
linear map makes of each place a square of pixels (sub-pixel convolution, Shi et al. 2016). All that is costly stays at
64 × 64 places: on a CPU, a face of 256 pixels by transposed convolutions takes twice as long.
"""

from __future__ import annotations

from torch import Tensor, nn

from tlgan_train.models.dcgan import Generator

LEAK = 0.01
"""Slope beyond black and white while the head learns, so that no pixel is stuck there."""


class Head(nn.Module):
    """Features (N, width, F, F) → pictures (N, channels, S, S) in [-1, 1], S a multiple of 2 · F.

    The fourth channel, if there is one, is straight alpha.
    """

    def __init__(self, width: int, feature_size: int, image_size: int, channels: int) -> None:
        super().__init__()
        self.image_size, self.channels = image_size, channels
        self.square = image_size // (2 * feature_size)
        if self.square * 2 * feature_size != image_size or not self.square:
            raise ValueError(f"{image_size} is not a multiple of {2 * feature_size} pixels")
        self.doubling = nn.ConvTranspose2d(width, width, 4, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.squares = nn.Conv2d(width, channels * self.square**2, 1)

    def forward(self, features: Tensor) -> Tensor:
        x = nn.functional.pixel_shuffle(self.squares(self.doubled(features)), self.square)
        inside = x.clamp(-1, 1)
        return inside + LEAK * (x - inside) if self.training else inside

    def doubled(self, features: Tensor) -> Tensor:
        """Return the features at twice their side, (N, width, 2 · F, 2 · F), of which each place draws a square."""
        return self.norm(self.doubling(features)).relu()


class HeadedGenerator(nn.Module):
    """Latents (N, latent_dim) → pictures (N, channels, S, S) in [-1, 1], by the features of a generator and a head."""

    def __init__(self, generator: Generator, head: Head) -> None:
        super().__init__()
        self.generator, self.head = generator, head

    def forward(self, z: Tensor) -> Tensor:
        return self.head(self.generator.features(z))
