"""The prior maps draws from N(0, I) to latents. A fixed rule gives each latent its labels, so labels can be chosen.

A regular simplex divides N(0, I) into E sectors of equal mass. It consists of E unit vectors with equal angles that sum
to zero. A draw belongs to the emotion whose vector is nearest in direction. The discriminator sees drawn pictures with
the label of their sector and real pictures with their own label, so each sector learns to draw its emotion. Several
label sets (emotion, character) use separate coordinates: a move along one leaves the other unchanged.

Half of N(0, I) lies so near to a border that a smooth generator draws a mixture of two expressions, which no picture
shows. The prior therefore pushes draws away from the borders. The other coordinates may go through a flow, fitted to
the latents of real pictures. An encoder uses several coordinates for one property (to which side the head turns, and
how far), and independent draws of them would contradict each other.
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
"""Divisor of the coordinates that the flow is given. It is about the distance of clusters from the middle, so the
quotients are of the order of 1."""
MOMENT_DRAWS = 2**16
"""Draws from which the moments of a pushed sector are measured."""


class Prior(nn.Module):
    """Draws z from N(0, I), (N, latent_dim) → latents w of the generator, (N, latent_dim), and their labels.

    On the coordinates of each label set, w = z + push · Σ softmax(sharpness · z·v)_k v_k over its vectors v. This is
    the gradient of a convex function, hence the optimal transport from N(0, I) to a mixture with one cluster for each
    label (Brenier 1991). Outside training, sharpness is infinite, so nothing is left between two clusters. The other
    coordinates go through a `Flow` that is given these, or stay as they are.

    Edits move the `movable` leading coordinates: those of the labels, or all of them without labels.

    Args:
        sizes: number of labels in each set, at least 2.
        push: shift of a draw that is deep in its sector, in standard deviations of N(0, I).
        sharpness: the higher it is, the fewer draws lie between two clusters in training.
        flow_layers: number of couplings of the flow; 0 for no flow.
        flow_width: hidden units in each coupling.
        truncation: outside training, standard deviation of the draws that enter the flow (Brock et al. 2019).
        label_truncation: outside training, factor on the distance of a draw from the middle of its cluster, on the
            coordinates of labels.
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
        """The unit vectors (size, latent_dim) of each label set."""
        return tuple(self.get_buffer(f"vectors{index}") for index in range(len(self.sizes)))

    @cached_property
    def _moments(self) -> list[tuple[float, float]]:
        return [_moments(size, self.push, self.sharpness) for size in self.sizes]

    def facts(self) -> dict[str, Any]:
        """Return the arguments, except for `latent_dim`, that create an equal prior."""
        shape = {"sizes": self.sizes, "push": self.push, "sharpness": self.sharpness}
        truncation = {"truncation": self.truncation, "label_truncation": self.label_truncation}
        return {**shape, "flow_layers": self.flow_layers, "flow_width": self.flow_width, **truncation}

    @property
    def plain(self) -> bool:
        """Whether latents equal the draws."""
        return not self.sizes and self.flow is None

    @property
    def unfitted(self) -> bool:
        """Whether there is a flow that has not been fitted yet."""
        return self.flow is not None and not self.flow.fitted

    def forward(self, z: Tensor) -> Tensor:
        """Return the latents of draws z, as float32."""
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
        """Return the log density (N,) of the coordinates without labels, given those with, in nats.

        It is that of the flow, or of N(0, I) without a flow.
        """
        labelled, rest = self._parts(latents)
        if self.flow is None:
            return -0.5 * (rest.square() + math.log(2 * math.pi)).sum(dim=1)
        return self.flow.log_likelihood(rest, labelled / GIVEN_SCALE)

    def _parts(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        return latents[:, : self.labelled], latents[:, self.labelled :]

    def _middles(self, z: Tensor) -> Tensor:
        """Return the middle of each draw's cluster, (N, latent_dim), with 0 on coordinates without labels."""
        middles = torch.zeros_like(z)
        for vectors, (centre, _) in zip(self.vectors, self._moments, strict=True):
            middles = middles + centre * vectors.to(z.dtype)[sector_labels(z, vectors.to(z.dtype))]
        return middles

    def labels(self, z: Tensor) -> tuple[Tensor, ...]:
        """Return the sector of each draw for each label set, int64 (N,). Latents lie in the sectors of their draws."""
        return tuple(sector_labels(z, vectors) for vectors in self.vectors)

    def one_hot(self, labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return one-hot float tensors (N, size), one for each label set."""
        return tuple(functional.one_hot(x, size).float() for x, size in zip(labels, self.sizes, strict=True))

    def moments(self, labels: tuple[Tensor, ...], like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the standard deviation, (N, latent_dim) each, of latents w with these labels."""
        mean, deviation = torch.zeros_like(like), torch.ones_like(like)
        for vectors, label, (centre, spread) in zip(self.vectors, labels, self._moments, strict=True):
            mean = mean + centre * vectors[label]
            deviation = torch.where(vectors.any(dim=0), spread, deviation)
        return mean, deviation


def sector_vectors(sizes: tuple[int, ...], latent_dim: int) -> tuple[Tensor, ...]:
    """Return unit vectors (size, latent_dim), float32, for each label set.

    Each set takes the next size - 1 coordinates. Raises `ValueError` if there are not enough of them.
    """
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
    """Return the label of the sector of each latent (N, latent_dim), int64 (N,)."""
    return (z @ vectors.T).argmax(dim=1)


def _shift(z: Tensor, vectors: Tensor, push: float, sharpness: float) -> Tensor:
    if math.isinf(sharpness):
        return push * vectors[sector_labels(z, vectors)]
    return push * torch.softmax(sharpness * z @ vectors.T, dim=1) @ vectors


def _moments(size: int, push: float, sharpness: float) -> tuple[float, float]:
    """Measure a sector: the mean place of its pushed draws along its vector, and their spread around that point."""
    vectors = _simplex(size)
    z = torch.randn(MOMENT_DRAWS, size - 1, generator=torch.Generator().manual_seed(0))
    pushed = z + _shift(z, vectors, push, sharpness)
    own = vectors[sector_labels(z, vectors)]
    centre = (pushed * own).sum(dim=1).mean()
    return float(centre), float((pushed - centre * own).square().mean().sqrt())


def _simplex(size: int) -> Tensor:
    """Return the vertices of a regular simplex around the origin, rows of length 1, float32 (size, size - 1)."""
    centred = np.eye(size) - 1 / size
    basis = np.linalg.qr(centred[:, :-1])[0]
    vertices = centred @ basis
    return torch.from_numpy((vertices / np.linalg.norm(vertices, axis=1, keepdims=True)).astype(np.float32))
