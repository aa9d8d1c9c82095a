"""The network of the method `path`: for every face, where its way to each emotion ends."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tlgan_runtime.latent.centres import Centres

HIDDEN = 256
"""Units of each hidden layer."""


class PathNetwork(nn.Module):
    """Latents (N, latent_dim) → ends (N, E, latent_dim): the same faces with each emotion complete.

    `keep`, (E,) or (N, E), is 1 for emotions that are to stay as far as a face shows them, and 0 for others.

    An end is the face's mirror image, plus what two hidden layers find to be better for this face; they begin with
    nothing. The mirror (Householder 1958) stands halfway between the centres of the face's own emotion and the other:
    it takes one cluster onto the other, and what is faint or strong, usual or rare, stays so. Several emotions at once
    are mirrored by their shares, and what is to be kept is not: other layers say what is better there. Only the
    `moving` leading coordinates of a latent change.
    """

    slopes: Tensor
    intercepts: Tensor
    towards: Tensor
    halfway: Tensor
    mean: Tensor
    deviation: Tensor

    def __init__(self, emotions: int, latent_dim: int, moving: int) -> None:
        super().__init__()
        shapes = {
            "slopes": (emotions, latent_dim), "intercepts": (emotions,), "towards": (emotions, emotions, moving),
            "halfway": (emotions, emotions), "mean": (latent_dim,),
        }  # fmt: skip
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape))
        self.register_buffer("deviation", torch.ones(latent_dim))
        self.better = _layers(latent_dim, emotions * moving)
        self.keeping = _layers(latent_dim + emotions, emotions * moving)

    @classmethod
    def around(cls, centres: Centres, z: np.ndarray, moving: int) -> PathNetwork:
        """A network whose ends are still the mirror images; `z` (N, latent_dim) are latents of typical faces, by which
        the hidden layers' inputs are standardised."""
        network = cls(*centres.latents.shape, moving)
        places = centres.latents[:, :moving]
        apart = places[None] - places[:, None]
        towards = apart / np.maximum(np.linalg.norm(apart, axis=2, keepdims=True), 1e-9)
        values = {
            "slopes": centres.slopes, "intercepts": centres.intercepts, "towards": towards,
            "halfway": (towards * (places[None] + places[:, None]) / 2).sum(axis=2), "mean": z.mean(axis=0),
            "deviation": np.maximum(z.std(axis=0), 1e-3),
        }  # fmt: skip
        for name, value in values.items():
            getattr(network, name).copy_(torch.tensor(value))
        return network

    def forward(self, z: Tensor, keep: Tensor) -> Tensor:
        return self.ends(z, keep, self.beyond(z, keep))

    def ends(self, z: Tensor, keep: Tensor, beyond: Tensor) -> Tensor:
        """Ends (N, E, latent_dim): mirror images of latents, and from there `beyond` (N, E, moving)."""
        emotions, moving = self.towards.shape[1:]
        across = (z[:, :moving] @ self.towards.flatten(0, 1).T).unflatten(1, (emotions, emotions)) - self.halfway
        shares = ((self.shown(z) * (1 - keep))[:, :, None] * across).transpose(1, 2)[:, :, None]
        shift = -2 * (shares @ self.towards.transpose(0, 1))[:, :, 0]
        return z[:, None] + functional.pad(shift + beyond, (0, z.shape[1] - moving))

    def beyond(self, z: Tensor, keep: Tensor) -> Tensor:
        """What the hidden layers add to mirror images, (N, E, moving)."""
        standard, keep = (z - self.mean) / self.deviation, keep.expand(z.shape[0], -1)
        left = 1 - (self.shown(z) * keep).sum(dim=1, keepdim=True)
        asked = keep.amax(dim=1, keepdim=True)
        added = left * self.better(standard) + asked * self.keeping(torch.cat([standard, keep], dim=1))
        return added.unflatten(1, self.towards.shape[1:])

    def shown(self, z: Tensor) -> Tensor:
        """How much of each emotion faces show, (N, E), by where their latents are."""
        return torch.softmax(z @ self.slopes.T + self.intercepts, dim=1)


def _layers(inputs: int, outputs: int) -> nn.Sequential:
    """Two hidden layers, which begin with nothing."""
    layers = nn.Sequential(
        nn.Linear(inputs, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, outputs)
    )  # fmt: skip
    nn.init.zeros_(layers[-1].weight)
    nn.init.zeros_(layers[-1].bias)
    return layers
