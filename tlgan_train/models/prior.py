"""The prior maps draws from N(0, I) to latents. A fixed rule gives each latent its labels, so labels can be chosen.

A regular simplex divides N(0, I) into E sectors of equal mass. It consists of E unit vectors with equal angles that sum
to zero. A draw belongs to the emotion whose vector is nearest in direction. The discriminator sees drawn pictures with
the label of their sector and real pictures with their own label, so each sector learns to draw its emotion. Several
label sets (emotion, character) use separate coordinates: a move along one leaves the other unchanged.

Half of N(0, I) lies so near to a border that a smooth generator draws a mixture of two expressions, which no picture
shows. The prior therefore pushes draws away from the borders, and the encoder learns to put real pictures where pushed
draws lie.

It puts them there roughly: an encoder uses several coordinates for one property (to which side the head turns, and how
far), and independent draws of them would contradict each other. So once the encoder is trained, the prior keeps codes
of real pictures and mixes those of the class in whose sector a draw lies (`CodeMixtures`).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tlgan_train.models.mixtures import STEERING, CodeMixtures

MOMENT_DRAWS = 2**16
"""Draws from which the moments of a pushed sector are measured."""


class Prior(nn.Module):
    """Draws z from N(0, I), (N, latent_dim) → latents w of the generator, (N, latent_dim), and their labels.

    While it keeps no codes, w = z + push · v, for the vector v of the sector of z in each set. This is the gradient of
    a convex function, hence the optimal transport from N(0, I) to a mixture with one cluster for each label (Brenier
    1991). With codes, the sectors of z choose a class, and w is a mixture of its codes.

    Args:
        sizes: number of labels in each set, at least 2.
        push: distance by which draws are pushed into their sector, in standard deviations of N(0, I).
        codes: most codes of a class that can be kept; 0 for none.

    Raises `ValueError` if `latent_dim` is too small.
    """

    stand_ins: Tensor
    """int64 (classes,), the class that is drawn for each class. It differs where a class has no codes."""

    def __init__(self, sizes: tuple[int, ...], latent_dim: int, push: float = 0.0, codes: int = 0) -> None:
        super().__init__()
        self.labelled = sum(size - 1 for size in sizes)
        self.sizes, self.push = tuple(sizes), push
        for index, vectors in enumerate(sector_vectors(self.sizes, latent_dim)):
            self.register_buffer(f"vectors{index}", vectors, persistent=False)
        self.mixtures = None
        if codes:
            if self.labelled + STEERING > latent_dim:
                needed = self.labelled + STEERING
                raise ValueError(f"mixtures of codes need {needed} latent dimensions or more, not {latent_dim}")
            classes = int(np.prod(self.sizes))
            self.mixtures = CodeMixtures(classes, codes, latent_dim)
            self.register_buffer("stand_ins", torch.arange(classes))

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        """The unit vectors (size, latent_dim) of each label set."""
        return tuple(self.get_buffer(f"vectors{index}") for index in range(len(self.sizes)))

    @cached_property
    def _moments(self) -> list[tuple[float, float]]:
        return [_moments(size, self.push) for size in self.sizes]

    def facts(self) -> dict[str, Any]:
        """Return the arguments, except for `latent_dim`, that create a prior of the same shape."""
        return {"sizes": self.sizes, "push": self.push, "codes": self.mixtures.codes.shape[1] if self.mixtures else 0}

    @property
    def plain(self) -> bool:
        """Whether latents equal the draws."""
        return not self.sizes and self.mixtures is None

    @property
    def unfilled(self) -> bool:
        """Whether codes are to be kept, but none have been given yet."""
        return self.mixtures is not None and self.mixtures.empty

    def keep(
        self, codes: tuple[np.ndarray, np.ndarray], labels: tuple[np.ndarray, ...], rng: np.random.Generator
    ) -> None:
        """Keep codes of real pictures, means and log variances (N, latent_dim), with labels (N,) for each set.

        In the place of a class without pictures, classes with other first labels (emotions) are drawn, and all others
        if there are none.
        """
        assert self.mixtures is not None
        classes = np.ravel_multi_index(labels, self.sizes) if self.sizes else np.zeros(len(codes[0]), int)
        self.mixtures.keep(*codes, classes, rng)
        present = np.unique(classes)
        rest = self.mixtures.counts.numel() // (self.sizes[0] if self.sizes else 1)
        for missing in np.setdiff1d(np.arange(self.mixtures.counts.numel()), present):
            similar = present[present % rest == missing % rest]
            candidates = similar if len(similar) else present
            self.stand_ins[missing] = int(candidates[missing // rest % len(candidates)])

    def forward(self, z: Tensor) -> Tensor:
        """Return the latents of draws z, as float32."""
        if self.plain:
            return z
        if self.mixtures is not None and not self.mixtures.empty:
            return self.mixtures(self._classes(z), z, self.labelled).float()
        # In float64, so that rounding to float32 gives the same latent in every batch and on every machine.
        latents = z.double()
        for vectors in self.vectors:
            latents = latents + self.push * vectors.double()[sector_labels(z, vectors)]
        return latents.float()

    def labels(self, z: Tensor) -> tuple[Tensor, ...]:
        """Return the label that is drawn from each z for each label set, int64 (N,)."""
        if self.mixtures is None or self.mixtures.empty:
            return tuple(sector_labels(z, vectors) for vectors in self.vectors)
        return torch.unravel_index(self._classes(z), self.sizes) if self.sizes else ()

    def _classes(self, z: Tensor) -> Tensor:
        """Return the class that is drawn from each z, int64 (N,)."""
        classes = torch.zeros_like(z[:, 0], dtype=torch.int64)
        for vectors in self.vectors:
            classes = len(vectors) * classes + sector_labels(z, vectors)
        return self.stand_ins[classes]

    def one_hot(self, labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return one-hot float tensors (N, size), one for each label set."""
        return tuple(functional.one_hot(x, size).float() for x, size in zip(labels, self.sizes, strict=True))

    def moments(self, labels: tuple[Tensor, ...], like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the standard deviation, (N, latent_dim) each, of pushed draws with these labels."""
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
    """Return the label of the sector of each latent (N, latent_dim), int64 (N,). Sums are exact to float64."""
    return (z.double() @ vectors.double().T).argmax(dim=1)


def _moments(size: int, push: float) -> tuple[float, float]:
    """Measure a sector: the mean place of its pushed draws along its vector, and their spread around that point."""
    vectors = _simplex(size)
    z = torch.randn(MOMENT_DRAWS, size - 1, generator=torch.Generator().manual_seed(0))
    own = vectors[sector_labels(z, vectors)]
    pushed = z + push * own
    centre = (pushed * own).sum(dim=1).mean()
    return float(centre), float((pushed - centre * own).square().mean().sqrt())


def _simplex(size: int) -> Tensor:
    """Return the vertices of a regular simplex around the origin, rows of length 1, float32 (size, size - 1)."""
    centred = np.eye(size) - 1 / size
    basis = np.linalg.qr(centred[:, :-1])[0]
    vertices = centred @ basis
    return torch.from_numpy((vertices / np.linalg.norm(vertices, axis=1, keepdims=True)).astype(np.float32))
