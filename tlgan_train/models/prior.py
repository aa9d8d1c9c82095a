"""Maps draws from N(0, I) to latents. A fixed rule gives each latent its labels, so labels can be chosen.

N(0, I) is cut into E sectors of equal mass by a regular simplex: E unit vectors with equal angles that sum to zero.
A draw belongs to the emotion whose vector it points to most. The discriminator sees drawn pictures with the label of
their sector and real pictures with their own, so each sector learns to draw its emotion. Several label sets (emotion,
character) use separate coordinates: moving along one leaves the other as it is.

Half of N(0, I) lies so near to a border that a generator which is smooth has to draw it as a mixture of two
expressions, which no picture shows. Before the generator, draws are therefore pushed away from the borders. The other
coordinates may go through a flow, fitted to the latents of real pictures: an encoder says one thing with several
coordinates (to which side the head turns, and how far), and independent draws would contradict themselves.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tlgan_train.models.flow import Flow

GIVEN_SCALE = 3.0
"""About the distance of clusters from the middle: brings what the flow is given to the order of 1."""
MOMENT_DRAWS = 2**16
"""Draws from which the moments of a pushed sector are measured."""


class Prior(nn.Module):
    """Draws z from N(0, I), (N, latent_dim) → latents w of the generator, (N, latent_dim); and their labels.

    On the coordinates of each label set, w = z + push · Σ softmax(sharpness · z·v)_k v_k over its vectors v: the
    gradient of a convex function, hence the optimal transport from N(0, I) to a mixture of one cluster a label
    (Brenier 1991). Outside training sharpness is infinite: nothing is left between two clusters. Other coordinates go
    through a `Flow` given these, or stay as they are.

    Args:
        sizes: number of labels in each set, two or more.
        push: how far a draw moves that is deep in its sector, in standard deviations of N(0, I).
        sharpness: in training, the higher, the fewer draws end up between two clusters.
        flow_layers: couplings of the flow; 0 for none.
        flow_width: hidden units of each.
        truncation: outside training, standard deviation of the draws that enter the flow (Brock et al. 2019).
        label_truncation: outside training, share of its distance from the middle of its cluster that a draw keeps on
            the coordinates of labels.

    Edits move in the `movable` leading coordinates: those of labels, or all where there are none.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        latent_dim: int,
        push: float = 0.0,
        sharpness: float = 1.0,
        flow_layers: int = 0,
        flow_width: int = 64,
        truncation: float = 1.0,
        label_truncation: float = 1.0,
    ) -> None:
        super().__init__()
        self.truncation, self.label_truncation = truncation, label_truncation
        self.flow_layers, self.flow_width = flow_layers, flow_width
        self.labelled = sum(size - 1 for size in sizes)
        self.movable = self.labelled or latent_dim
        self.sizes, self.push, self.sharpness = tuple(sizes), push, sharpness
        for index, vectors in enumerate(sector_vectors(self.sizes, latent_dim)):
            self.register_buffer(f"vectors{index}", vectors, persistent=False)
        # In float64, so that rounding to float32 gives the same latent in every batch and on every machine.
        self.flow = None
        if flow_layers:
            flow = Flow(latent_dim - self.labelled, self.labelled, flow_layers, flow_width).double()
            self.flow = flow.requires_grad_(False)

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        """Unit vectors (size, latent_dim) of each label set."""
        return tuple(self.get_buffer(f"vectors{index}") for index in range(len(self.sizes)))

    @cached_property
    def _moments(self) -> list[tuple[float, float]]:
        return [_moments(size, self.push, self.sharpness) for size in self.sizes]

    def facts(self) -> dict[str, Any]:
        """The arguments that make this again, but for `latent_dim`."""
        shape = {"sizes": self.sizes, "push": self.push, "sharpness": self.sharpness}
        truncation = {"truncation": self.truncation, "label_truncation": self.label_truncation}
        return {**shape, "flow_layers": self.flow_layers, "flow_width": self.flow_width, **truncation}

    @property
    def plain(self) -> bool:
        """Whether latents are the draws themselves."""
        return not self.sizes and self.flow is None

    @property
    def unfitted(self) -> bool:
        """Whether there is a flow that has not been fitted yet."""
        return self.flow is not None and not self.flow.fitted

    def forward(self, z: Tensor) -> Tensor:
        if self.plain:
            return z
        exact = z.double()
        latents = exact
        for vectors in self.vectors:
            sharpness = self.sharpness if self.training else math.inf
            latents = latents + _shift(exact, vectors.double(), self.push, sharpness)
        if not self.training and self.label_truncation != 1:
            middles = self._middles(exact)
            near = middles + self.label_truncation * (latents - middles)
            latents = torch.cat([near[:, : self.labelled], latents[:, self.labelled :]], dim=1)
        if self.flow is not None:
            labelled, rest = self._parts(latents)
            rest = rest if self.training else self.truncation * rest
            latents = torch.cat([labelled, self.flow(rest, labelled / GIVEN_SCALE)], dim=1)
        return latents.float()

    def log_likelihood(self, latents: Tensor) -> Tensor:
        """Log density (N,), in nats, of the coordinates without labels given the others: by the flow, or of N(0, I)."""
        labelled, rest = self._parts(latents)
        if self.flow is None:
            return -0.5 * (rest.square() + math.log(2 * math.pi)).sum(dim=1)
        return self.flow.log_likelihood(rest, labelled / GIVEN_SCALE)

    def _parts(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        return latents[:, : self.labelled], latents[:, self.labelled :]

    def _middles(self, z: Tensor) -> Tensor:
        """Middles of the clusters that draws belong to, (N, latent_dim), 0 on coordinates without labels."""
        middles = torch.zeros_like(z)
        for vectors, (centre, _) in zip(self.vectors, self._moments, strict=True):
            middles = middles + centre * vectors.to(z.dtype)[sector_labels(z, vectors.to(z.dtype))]
        return middles

    def labels(self, z: Tensor) -> tuple[Tensor, ...]:
        """Label of the sector that each draw (or latent: the push crosses no border) lies in, int64 (N,) each."""
        return tuple(sector_labels(z, vectors) for vectors in self.vectors)

    def one_hot(self, labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Float (N, size) for each label set."""
        return tuple(functional.one_hot(x, size).float() for x, size in zip(labels, self.sizes, strict=True))

    def moments(self, labels: tuple[Tensor, ...], like: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation, (N, latent_dim) each, of the latents w whose draws have these labels."""
        mean, deviation = torch.zeros_like(like), torch.ones_like(like)
        for vectors, label, (centre, spread) in zip(self.vectors, labels, self._moments, strict=True):
            mean = mean + centre * vectors[label]
            deviation = torch.where(vectors.any(dim=0), spread, deviation)
        return mean, deviation


def sector_vectors(sizes: tuple[int, ...], latent_dim: int) -> tuple[Tensor, ...]:
    """Unit vectors (size, latent_dim) float32 for each label set, on the leading coordinates, size - 1 for each set."""
    needed = sum(size - 1 for size in sizes)
    if needed > latent_dim:
        raise ValueError(f"labels of {list(sizes)} kinds need {needed} latent dimensions or more, not {latent_dim}")
    vectors, start = [], 0
    for size in sizes:
        full = torch.zeros(size, latent_dim)
        full[:, start : start + size - 1] = _simplex(size)
        vectors.append(full)
        start += size - 1
    return tuple(vectors)


def sector_labels(z: Tensor, vectors: Tensor) -> Tensor:
    """Label of the sector that each latent (N, latent_dim) lies in, int64 (N,)."""
    return (z @ vectors.T).argmax(dim=1)


def _shift(z: Tensor, vectors: Tensor, push: float, sharpness: float) -> Tensor:
    if math.isinf(sharpness):
        return push * vectors[sector_labels(z, vectors)]
    return push * torch.softmax(sharpness * z @ vectors.T, dim=1) @ vectors


def _moments(size: int, push: float, sharpness: float) -> tuple[float, float]:
    """How far a sector's pushed draws lie along its vector on average, and their spread around that point."""
    vectors = _simplex(size)
    z = torch.randn(MOMENT_DRAWS, size - 1, generator=torch.Generator().manual_seed(0))
    pushed = z + _shift(z, vectors, push, sharpness)
    own = vectors[sector_labels(z, vectors)]
    centre = (pushed * own).sum(dim=1).mean()
    return float(centre), float((pushed - centre * own).square().mean().sqrt())


def _simplex(size: int) -> Tensor:
    """Vertices of a regular simplex around the origin, unit length: float32 (size, size - 1)."""
    centred = np.eye(size) - 1 / size
    basis = np.linalg.qr(centred[:, :-1])[0]
    vertices = centred @ basis
    return torch.from_numpy((vertices / np.linalg.norm(vertices, axis=1, keepdims=True)).astype(np.float32))
