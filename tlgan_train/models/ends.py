"""The network of the method `path`. For each face it predicts the end (target latent) of the way to each emotion."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tlgan_runtime.latent.centres import Centres

HIDDEN = 256
"""Units of each hidden layer."""


class PathNetwork(nn.Module):
    """Latents (N, latent_dim) → ends (N, E, latent_dim): the same faces with each emotion complete.

    `keep`, (E,) or (N, E), is 1 for emotions that stay as far as a face shows them, and 0 for the others.

    An end is the mirror image of the face plus a correction from a small network, which starts at 0. The mirror
    (Householder 1958) stands halfway between the centre of the face's own emotion and that of the other. It maps one
    cluster onto the other, so a faint, strong, usual or rare face stays one. A face that shows several emotions is
    mirrored for each in proportion. Emotions to keep are not mirrored, and a second network corrects these ends.
    """

    slopes: Tensor
    intercepts: Tensor
    towards: Tensor
    halfway: Tensor
    mean: Tensor
    deviation: Tensor

    def __init__(self, emotions: int, latent_dim: int) -> None:
        super().__init__()
        shapes = {
            "slopes": (emotions, latent_dim), "intercepts": (emotions,), "towards": (emotions, emotions, latent_dim),
            "halfway": (emotions, emotions), "mean": (latent_dim,),
        }  # fmt: skip
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape))
        self.register_buffer("deviation", torch.ones(latent_dim))
        self.better = _layers(latent_dim, emotions * latent_dim)
        self.keeping = _layers(latent_dim + emotions, emotions * latent_dim)

    @classmethod
    def around(cls, centres: Centres, z: np.ndarray) -> PathNetwork:
        """Return a network whose ends are the mirror images.

        `z` (N, latent_dim) are latents of typical faces. They standardise the inputs of the hidden layers.
        """
        network = cls(*centres.latents.shape)
        places = centres.latents
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
        """Return ends (N, E, latent_dim)."""
        return self.ends(z, keep, self.beyond(z, keep))

    def ends(self, z: Tensor, keep: Tensor, beyond: Tensor) -> Tensor:
        """Return ends (N, E, latent_dim): the mirror images of latents, plus corrections `beyond` of this shape."""
        emotions = len(self.towards)
        across = (z @ self.towards.flatten(0, 1).T).unflatten(1, (emotions, emotions)) - self.halfway
        shares = ((self.shown(z) * (1 - keep))[:, :, None] * across).transpose(1, 2)[:, :, None]
        shift = -2 * (shares @ self.towards.transpose(0, 1))[:, :, 0]
        return z[:, None] + shift + beyond

    def beyond(self, z: Tensor, keep: Tensor) -> Tensor:
        """Return the corrections (N, E, latent_dim) that the hidden layers add to mirror images."""
        standard, keep = (z - self.mean) / self.deviation, keep.expand(z.shape[0], -1)
        not_kept = 1 - (self.shown(z) * keep).sum(dim=1, keepdim=True)
        any_kept = keep.amax(dim=1, keepdim=True)
        added = not_kept * self.better(standard) + any_kept * self.keeping(torch.cat([standard, keep], dim=1))
        return added.unflatten(1, self.towards.shape[1:])

    def shown(self, z: Tensor) -> Tensor:
        """Return how much of each emotion faces show, (N, E) in [0, 1], by the place of their latents."""
        return torch.softmax(z @ self.slopes.T + self.intercepts, dim=1)


def _layers(inputs: int, outputs: int) -> nn.Sequential:
    """Return a network with two hidden layers, whose outputs are 0 at first."""
    layers = nn.Sequential(
        nn.Linear(inputs, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, outputs)
    )  # fmt: skip
    nn.init.zeros_(layers[-1].weight)
    nn.init.zeros_(layers[-1].bias)
    return layers
