"""Encoder: from a picture to the latents that may have drawn it, trained along with the generator."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tlgan_train.models.dcgan import convolution_trunk


class Encoder(nn.Module):
    """Picture (N, 3, S, S) in [-1, 1] → mean and log variance of q(z | x), each (N, latent_dim).

    As in a variational autoencoder (Kingma & Welling 2014); the trunk is the discriminator's with BatchNorm.
    """

    def __init__(self, latent_dim: int, width: int, image_size: int) -> None:
        super().__init__()
        self.trunk, channels = convolution_trunk(width, image_size, "batch")
        self.head = nn.Linear(channels * 16, 2 * latent_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.head(self.trunk(x).flatten(1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 2)


def sample_posterior(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """z ~ N(mean, exp(log_variance)) from standard normal `noise` of the same shape."""
    return mean + torch.exp(0.5 * log_variance) * noise


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, I)) in nats, (N,)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1)
