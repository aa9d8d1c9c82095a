"""The encoder maps a picture to the latents that may have drawn it. It is trained with the generator."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tlgan_train.models.dcgan import SLOPE, convolution_trunk


class Encoder(nn.Module):
    """Pictures (N, 3, S, S) in [-1, 1] → mean and log variance of q(z | x), (N, latent_dim) each.

    It works as in a variational autoencoder (Kingma & Welling 2014). The trunk is that of the discriminator, with
    BatchNorm. With `mapping_width` > 0, a fully connected layer follows it, as a counterpart to those of the generator.
    """

    def __init__(self, latent_dim: int, width: int, image_size: int, mapping_width: int = 0) -> None:
        super().__init__()
        self.image_size = image_size
        self.trunk, channels = convolution_trunk(width, image_size, "batch")
        layers: list[nn.Module] = []
        if mapping_width:
            layers = [
                nn.Linear(channels * 16, mapping_width),
                nn.BatchNorm1d(mapping_width),
                nn.LeakyReLU(SLOPE, inplace=True),
            ]
        self.head = nn.Sequential(*layers, nn.Linear(mapping_width or channels * 16, 2 * latent_dim))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.head(self.trunk(x).flatten(1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 2)


def sample_posterior(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """Return z ~ N(mean, exp(log_variance)), from standard normal `noise` of the same shape."""
    return mean + torch.exp(0.5 * log_variance) * noise


def kl_divergence(mean: Tensor, log_variance: Tensor, prior_mean: Tensor, prior_deviation: Tensor) -> Tensor:
    """Return KL(N(mean, exp(log_variance)) || N(prior_mean, prior_deviation²)) in nats, (N,)."""
    log_ratio = log_variance - 2 * prior_deviation.log()
    distance = (mean - prior_mean) / prior_deviation
    return 0.5 * (distance.square() + log_ratio.exp() - 1 - log_ratio).sum(dim=1)
