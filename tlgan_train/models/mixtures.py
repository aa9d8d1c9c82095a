"""Draws as mixtures of two codes of a class, so that they lie where real pictures are encoded."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

STEERING = 3
"""Coordinates of a draw that choose the two codes and the angle between them."""
LARGEST_ANGLE = 45
"""Degrees. At 0 a draw is one of the codes, at 45 both weigh the same."""
ANGLES = 64
"""Angles to choose from."""


class CodeMixtures(nn.Module):
    """Maps the class and three coordinates of a draw from N(0, I) to a mixture of two codes of this class.

    A mixture of the codes x and y leaves the mean m of their class by cos(a) · (x - m) + sin(a) · (y - m). If codes
    were normal, mixtures would have exactly their distribution. The first coordinate chooses x, the second y, which is
    another one, and the third the angle a; all choices are equally likely.

    Args:
        classes: number of classes.
        most: most codes of a class.
        latent_dim: length of a code.
    """

    codes: Tensor
    """float32 (classes, most, latent_dim). A class with fewer codes is filled up with its mean."""
    means: Tensor
    """float32 (classes, latent_dim), over all codes that were given."""
    counts: Tensor
    """int64 (classes,), how many codes a class has; 0 everywhere until `keep`."""
    edges: Tensor
    """float32 (classes, 2, most), where the choice of a first and of a second code changes; infinite beyond."""
    angle_edges: Tensor
    """float32 (ANGLES,), where the choice of an angle changes."""
    weights: Tensor
    """float32 (ANGLES, 2), cosine and sine of each angle."""

    def __init__(self, classes: int, most: int, latent_dim: int) -> None:
        super().__init__()
        most = max(2, most)  # the only code of a class mixes with its mean, which is the same
        angles = math.radians(LARGEST_ANGLE) * (torch.arange(ANGLES, dtype=torch.float64) + 0.5) / ANGLES
        # Tables are stored, not computed again, so draws are the same on every machine.
        self.register_buffer("codes", torch.zeros(classes, most, latent_dim))
        self.register_buffer("means", torch.zeros(classes, latent_dim))
        self.register_buffer("counts", torch.zeros(classes, dtype=torch.int64))
        self.register_buffer("edges", torch.full((classes, 2, most), math.inf))
        self.register_buffer("angle_edges", _edges(ANGLES, ANGLES))
        self.register_buffer("weights", torch.stack([angles.cos(), angles.sin()], dim=1).float())
        self.empty = True
        """Whether no codes have been given yet. Not looked up in `counts`, on which an exported graph cannot depend."""
        self.register_load_state_dict_post_hook(_look)

    def keep(self, codes: np.ndarray, classes: np.ndarray, rng: np.random.Generator) -> None:
        """Take over codes (N, latent_dim) and their classes (N,). If a class has more than fit, `rng` chooses."""
        most = self.codes.shape[1]
        for label in np.unique(classes):
            own = codes[classes == label]
            self.means[label] = torch.from_numpy(own.mean(axis=0, dtype=np.float64))
            self.codes[label] = self.means[label]
            kept = rng.permutation(own)[:most]
            self.codes[label, : len(kept)] = torch.from_numpy(kept)
            self.counts[label] = len(kept)
            self.edges[label, 0], self.edges[label, 1] = _edges(len(kept), most), _edges(len(kept) - 1, most)
        self.empty = False

    def forward(self, classes: Tensor, steering: Tensor) -> Tensor:
        """Return mixtures, float64 (N, latent_dim), from classes (N,) and the steering coordinates (N, 3) of draws."""
        edges, start = self.edges[classes], classes * self.codes.shape[1]
        first = _chosen(steering[:, 0], edges[:, 0])
        second = _chosen(steering[:, 1], edges[:, 1])
        second = second + (second >= first).long()
        weights = self.weights[_chosen(steering[:, 2], self.angle_edges[None])].double()
        codes, mean = self.codes.flatten(0, 1), self.means[classes].double()
        # In float64, so that rounding to float32 gives the same latent in every batch and on every machine.
        x, y = (codes[start + place].double() - mean for place in (first, second))
        return mean + weights[:, :1] * x + weights[:, 1:] * y


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
