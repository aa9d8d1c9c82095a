"""The network of the method `path`: for every face, where its way to each emotion ends."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tlgan_runtime.axes import Centres

HIDDEN = 256
"""Units of each of the two hidden layers."""


class PathNetwork(nn.Module):
    """Latents (N, latent_dim) → ends (N, E, latent_dim): the same faces with each emotion complete.

    An end is that of the face's line by `centres`, plus what two hidden layers find to be better for this face; they
    begin with nothing. Latents are standardised by `mean` and `deviation` (latent_dim,) first.
    """

    slopes: Tensor
    intercepts: Tensor
    latents: Tensor
    targets: Tensor
    mean: Tensor
    deviation: Tensor

    def __init__(self, emotions: int, latent_dim: int) -> None:
        super().__init__()
        for name in ("slopes", "latents", "targets"):
            self.register_buffer(name, torch.zeros(emotions, latent_dim))
        self.register_buffer("intercepts", torch.zeros(emotions))
        self.register_buffer("mean", torch.zeros(latent_dim))
        self.register_buffer("deviation", torch.ones(latent_dim))
        self.better = nn.Sequential(
            nn.Linear(latent_dim, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU(),
            nn.Linear(HIDDEN, emotions * latent_dim),
        )  # fmt: skip
        nn.init.zeros_(self.better[-1].weight)
        nn.init.zeros_(self.better[-1].bias)

    @classmethod
    def around(cls, centres: Centres, z: np.ndarray) -> PathNetwork:
        """A network whose ends are still those of `centres`; `z` (N, latent_dim) are latents of typical faces."""
        network = cls(*centres.latents.shape)
        for name in ("slopes", "intercepts", "latents", "targets"):
            getattr(network, name).copy_(torch.tensor(getattr(centres, name)))
        network.mean.copy_(torch.from_numpy(z.mean(axis=0)))
        network.deviation.copy_(torch.from_numpy(np.maximum(z.std(axis=0), 1e-3)))
        return network

    def forward(self, z: Tensor) -> Tensor:
        return self.lines(z) + self.beyond(z)

    def lines(self, z: Tensor) -> Tensor:
        """Ends (N, E, latent_dim) by the centres alone."""
        own = torch.softmax(z @ self.slopes.T + self.intercepts, dim=1)
        return (z - own @ self.latents)[:, None] + self.targets

    def beyond(self, z: Tensor) -> Tensor:
        """What the hidden layers add, (N, E, latent_dim)."""
        standard = (z - self.mean) / self.deviation
        return self.better(standard).unflatten(1, self.targets.shape)
