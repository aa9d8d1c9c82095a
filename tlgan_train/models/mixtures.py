"""Draws as mixtures of two codes of a class, so that they lie where real pictures are encoded."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

STEERING = 3
"""Coordinates of a draw that choose the two codes and their weights."""
NEIGHBOURS = 12
"""A code is mixed with one of so many that are nearest to it. Two that lie far apart, such as heads that look to
opposite sides, would give a ghost of both."""
SHARES = (0.25, 0.5)
"""Smallest and largest weight of the second code. With less, draws would be copies of pictures."""
WEIGHTS = 64
"""Weights to choose from."""


class CodeMixtures(nn.Module):
    """Maps draws from N(0, I), with a class for each, to mixtures of two codes of this class.

    A mixture of the codes x and y is (1 - w) · x + w · y. Of three coordinates, the first chooses x, the second y,
    which is one of the neighbours of x, and the third the weight w. All choices are equally likely. The draw itself is
    added as noise, as uncertain as codes are: coordinates that say nothing of pictures are then those of N(0, I), and
    no regression can make much of the little that codes differ there.

    Args:
        classes: number of classes.
        most: most codes of a class.
        latent_dim: length of a code.
    """

    codes: Tensor
    """float32 (classes, most, latent_dim). A class with fewer codes is filled up with zeros."""
    neighbours: Tensor
    """int32 (classes, most, NEIGHBOURS), the places of the codes that are nearest to each, the nearest first. The only
    code of a class is its own neighbour."""
    counts: Tensor
    """int64 (classes,), how many codes a class has; 0 everywhere until `keep`."""
    deviations: Tensor
    """float32 (latent_dim,), standard deviation of the noise."""
    edges: Tensor
    """float32 (classes, most), where the choice of the first code changes; infinite beyond."""
    neighbour_edges: Tensor
    """float32 (classes, NEIGHBOURS), where the choice of its neighbour changes; infinite beyond."""
    weight_edges: Tensor
    """float32 (WEIGHTS,), where the choice of a weight changes."""
    weights: Tensor
    """float32 (WEIGHTS,), the weights of the second code."""

    def __init__(self, classes: int, most: int, latent_dim: int) -> None:
        super().__init__()
        # Tables are stored, not computed again, so draws are the same on every machine.
        self.register_buffer("codes", torch.zeros(classes, most, latent_dim))
        self.register_buffer("neighbours", torch.zeros(classes, most, NEIGHBOURS, dtype=torch.int32))
        self.register_buffer("counts", torch.zeros(classes, dtype=torch.int64))
        self.register_buffer("deviations", torch.zeros(latent_dim))
        self.register_buffer("edges", torch.full((classes, most), math.inf))
        self.register_buffer("neighbour_edges", torch.full((classes, NEIGHBOURS), math.inf))
        self.register_buffer("weight_edges", _edges(WEIGHTS, WEIGHTS))
        self.register_buffer("weights", torch.linspace(*SHARES, WEIGHTS))
        self.empty = True
        """Whether no codes have been given yet. Not looked up in `counts`, on which an exported graph cannot depend."""
        self.register_load_state_dict_post_hook(_look)

    def keep(self, codes: np.ndarray, log_variances: np.ndarray, classes: np.ndarray, rng: np.random.Generator) -> None:
        """Take over codes, (N, latent_dim) each with the logarithm of its variance, and their classes (N,).

        If a class has more codes than fit, `rng` chooses.
        """
        self.deviations.copy_(torch.from_numpy(np.sqrt(np.exp(log_variances.astype(np.float64)).mean(axis=0))))
        most = self.codes.shape[1]
        for label in np.unique(classes):
            kept = torch.from_numpy(rng.permutation(codes[classes == label])[:most])
            count, near = len(kept), min(NEIGHBOURS, len(kept) - 1)
            distances = torch.cdist(kept.double(), kept.double()).fill_diagonal_(-1)
            nearest = distances.argsort(dim=1)  # the first is the code itself
            self.codes[label, :count] = kept
            self.neighbours[label, :count, :near] = nearest[:, 1 : near + 1]
            self.counts[label] = count
            self.edges[label] = _edges(count, most)
            self.neighbour_edges[label] = _edges(near, NEIGHBOURS)
        self.empty = False

    def forward(self, classes: Tensor, z: Tensor, first_steering: int) -> Tensor:
        """Return mixtures, float64 (N, latent_dim), of classes (N,) and draws (N, latent_dim).

        The coordinates that choose begin at `first_steering`.
        """
        steering = z[:, first_steering : first_steering + STEERING]
        start = classes * self.codes.shape[1]
        first = start + _chosen(steering[:, 0], self.edges[classes])
        near = _chosen(steering[:, 1], self.neighbour_edges[classes])
        second = start + self.neighbours.flatten()[first * NEIGHBOURS + near].long()
        weight = self.weights[_chosen(steering[:, 2], self.weight_edges[None])].double()[:, None]
        # In float64, so that rounding to float32 gives the same latent in every batch and on every machine.
        x, y = (self.codes.flatten(0, 1)[place].double() for place in (first, second))
        return (1 - weight) * x + weight * y + self.deviations.double() * z.double()


def _look(mixtures: CodeMixtures, _: object) -> None:
    mixtures.empty = not bool(mixtures.counts.any())


def _edges(choices: int, size: int) -> Tensor:
    """Return the edges, (size,), between so many parts of equal mass of N(0, 1). The others are infinite."""
    edges = torch.full((size,), math.inf)
    if choices > 1:
        edges[: choices - 1] = torch.special.ndtri(torch.arange(1, choices, dtype=torch.float64) / choices).float()
    return edges


def _chosen(z: Tensor, edges: Tensor) -> Tensor:
    """Return the part, int64 (N,), in which each z (N,) lies."""
    return (z[:, None] > edges).sum(dim=1)
