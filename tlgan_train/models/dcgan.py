"""The DCGAN of the paper: generator and discriminator (section 4.1, after Radford et al. 2015)."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.parametrizations import spectral_norm

from tlgan_train.models.prior import Prior
from tlgan_train.sections import IMAGE_SIZES

LAST = 5
"""Modules of a generator's last hidden layer and of the layer of pixels."""
SLOPE = 0.2
"""Slope of LeakyReLU below zero."""


class Generator(nn.Module):
    """Latents (N, latent_dim) → pictures (N, 3, S, S) in [-1, 1]; at 64 pixels, five transposed convolutions.

    `prior` maps draws from N(0, I) to latents. None leaves them as they are, as in the paper.

    With `mapping_width` > 0, two fully connected layers come first (as in StyleGAN, Karras et al. 2019). Without them,
    convolutions represent the angle of a turning or nodding head as a phase. Then the angle becomes an arc in latent
    space, and latents in the middle of the arc draw no face.
    """

    def __init__(
        self, latent_dim: int, width: int, image_size: int, mapping_width: int = 0, prior: Prior | None = None
    ) -> None:
        super().__init__()
        self.prior = prior or Prior((), latent_dim)
        widths = (latent_dim, mapping_width, mapping_width) if mapping_width else ()
        self.mapping = nn.Sequential(*(layer for w in pairwise(widths) for layer in _fully_connected(*w)))
        doublings = _doublings(image_size)
        channels = [width * 2**i for i in reversed(range(doublings))]
        self.latent_dim, self.image_size = latent_dim, image_size
        layers: list[nn.Module] = [FromPixel(mapping_width or latent_dim, channels[0], 4, bias=False)]
        layers += _activated(channels[0])
        for before, after in pairwise(channels):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), *_activated(after)]
        layers += [nn.ConvTranspose2d(channels[-1], 3, 4, 2, 1, bias=False), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(_initialise)

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(self.mapping(z)[:, :, None, None])

    def with_fixed_layers(self, z: Tensor) -> Tensor:
        """Return the pictures of latents, whose gradients reach the fully connected layers but not the convolutions."""
        fixed = {name: weights.detach() for name, weights in self.layers.named_parameters()}
        return functional_call(self.layers, fixed, (self.mapping(z)[:, :, None, None],))

    def features(self, z: Tensor) -> Tensor:
        """Return what the last layers draw from, (N, 2 · width, S / 4, S / 4)."""
        return self.layers[:-LAST](self.mapping(z)[:, :, None, None])

    @property
    def last_layers(self) -> nn.Sequential:
        """The last hidden layer and the layer of pixels: features to pictures."""
        return self.layers[-LAST:]


class FromPixel(nn.ConvTranspose2d):
    """A transposed convolution of one pixel, (N, in, 1, 1) → (N, out, 4, 4), computed as a matrix product.

    On a CPU, this makes a step of `quick` a tenth shorter in the GAN, and a sixth shorter in the warm-up.
    """

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        weight = self.weight.permute(0, 2, 3, 1)  # its order in memory if that is channels last
        drawn = x.flatten(1) @ weight.flatten(1)
        return drawn.view(-1, *weight.shape[1:]).permute(0, 3, 1, 2)


class Discriminator(nn.Module):
    """Pictures (N, 3, S, S) in [-1, 1] → scores (N,), near the real target for real pictures, and activations.

    With `label_sizes`, the score also depends on how well a picture fits its labels: it adds the inner product of the
    last features with an embedding of each label (projection discriminator, Miyato & Koyama 2018).
    """

    def __init__(self, width: int, image_size: int, norm: str, label_sizes: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.trunk, channels = convolution_trunk(width, image_size, norm)
        self.score = _normed(nn.Conv2d(channels, 1, 4, 1, 0, bias=False), norm)
        self.embeddings = nn.ModuleList(_normed(nn.Linear(size, channels, bias=False), norm) for size in label_sizes)
        self.apply(_initialise)

    def forward(self, x: Tensor, labels: tuple[Tensor, ...] = ()) -> tuple[Tensor, list[Tensor]]:
        """Return scores (N,), and the activations after each convolution.

        `labels` has a one-hot (N, size) tensor for each of `label_sizes`.
        """
        activations = []
        for layer in self.trunk:
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU):
                activations.append(x)
        score = self.score(x).flatten()
        if self.embeddings:
            pooled = x.mean(dim=(2, 3))
            for embed, label in zip(self.embeddings, labels, strict=True):
                score = score + (embed(label) * pooled).sum(dim=1)
        return score, activations


def convolution_trunk(width: int, image_size: int, norm: str) -> tuple[nn.Sequential, int]:
    """Return strided convolutions with LeakyReLU from S × S to 4 × 4 pixels, and their output channels, for D and E."""
    doublings = _doublings(image_size)
    channels = [width * 2**i for i in range(doublings)]
    layers: list[nn.Module] = [
        _normed(nn.Conv2d(3, width, 4, 2, 1, bias=False), norm),
        nn.LeakyReLU(SLOPE, inplace=True),
    ]
    for before, after in pairwise(channels):
        layers.append(_normed(nn.Conv2d(before, after, 4, 2, 1, bias=norm == "spectral"), norm))
        if norm == "batch":
            layers.append(nn.BatchNorm2d(after))
        layers.append(nn.LeakyReLU(SLOPE, inplace=True))
    return nn.Sequential(*layers), channels[-1]


def _activated(channels: int) -> tuple[nn.Module, ...]:
    return nn.BatchNorm2d(channels), nn.ReLU(inplace=True)


def _fully_connected(before: int, after: int) -> tuple[nn.Module, ...]:
    layer = nn.Linear(before, after)
    nn.init.kaiming_normal_(layer.weight, SLOPE)
    nn.init.zeros_(layer.bias)
    return layer, nn.LeakyReLU(SLOPE, inplace=True)


def _normed(layer: nn.Module, norm: str) -> nn.Module:
    return spectral_norm(layer) if norm == "spectral" else layer


def _doublings(image_size: int) -> int:
    """Return how often 4 × 4 pixels double until the picture is complete, with the last doubling to 3 channels."""
    if image_size not in IMAGE_SIZES:
        raise ValueError(f"image_size must be one of {IMAGE_SIZES}, not {image_size}")
    return image_size.bit_length() - 3


def _initialise(module: nn.Module) -> None:
    """Draw convolutions from N(0, 0.02) and BatchNorm gains from N(1, 0.02), as in the published code and in DCGAN."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and not hasattr(module, "parametrizations"):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
