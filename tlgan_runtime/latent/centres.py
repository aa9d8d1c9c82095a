"""Motions between centres: every face moves from the centre of its own emotion towards that of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.latent.motions import Shift, StraightLines

EndFinder = Callable[[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float64]]
"""Finds ends as `Motion.ends` does: latents (N, latent_dim), wanted and kept names (K,) -> (N, K, latent_dim)."""


@dataclass(frozen=True, eq=False)
class Centres:
    """Where the faces of each name lie, and how a latent shows the name of its face. Rows are in the order of names."""

    latents: NDArray[np.float64]
    """(K, latent_dim) mean latent of the faces of each name."""
    slopes: NDArray[np.float64]
    """(K, latent_dim) slopes of the posterior softmax(slopes z + intercepts)."""
    intercepts: NDArray[np.float64]
    """(K,) intercepts of the posterior."""
    targets: NDArray[np.float64]
    """(K, latent_dim) targets of strength 1: the centre, or a point beyond it if the effect is only complete there."""
    pace: NDArray[np.float64]
    """(K, K, S + 1) share of the way, from 0 to 1, at S + 1 even strengths from 0 to 1, from each name (row) to each
    (column). The pace is slow where faces change fast, so even strengths give even changes."""

    def posterior(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability (N, K) of each name for latents (N, latent_dim)."""
        logits = z @ self.slopes.T + self.intercepts
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        posterior: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
        return posterior

    def share(
        self, own: NDArray[np.float64], blend: NDArray[np.float64], strength: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the share of the way, (N, 1), of faces with posteriors `own` (N, K) to a `blend` (N, K) of names.

        `strength` is (N, 1), from 0 to 1.
        """
        knots = self.pace.shape[2] - 1
        place = strength[:, 0] * knots
        before = np.minimum(place.astype(int), knots - 1)
        between = self.pace[..., before] + (place - before) * (self.pace[..., before + 1] - self.pace[..., before])
        share: NDArray[np.float64] = (own * np.einsum("oen,ne->no", between, blend)).sum(axis=1, keepdims=True)
        return share


def even_pace(count: int) -> NDArray[np.float64]:
    """Return a pace between `count` names at which the share of the way equals the strength."""
    return np.tile([0.0, 1.0], (count, count, 1))


@dataclass(frozen=True, eq=False)
class BetweenCentres:
    """A face moves from the centre of its own name to the target of another, and keeps its place relative to them."""

    names: tuple[str, ...]
    directions: NDArray[np.float64]
    """(K, latent_dim), rows of length 1. Along each, a face changes in the name."""
    lengths: NDArray[np.float64]
    """(K,) mean distance to the target of strength 1, in standard deviations of the prior. Moves do not use it."""
    centres: Centres
    keeps = False

    def ends(
        self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]
    ) -> NDArray[np.float64] | None:
        """Return None, because all faces move to the targets."""
        return None

    def shift(
        self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None = None
    ) -> Shift:
        """Return the shift, as in `Motion.shift`.

        Strengths above 0 lead towards the target of the name, from the face's own centre, which is blended by its
        posterior. With `ends` (N, K, latent_dim), they lead towards the end of the face. Several strengths lead to a
        blend of targets. If their sum is above 1 and above the largest of them, they are scaled down to the larger of
        the two.

        Strengths below 0 lead away from the name, towards the middle of all, in proportion to how strongly the face
        shows it. Faces that do not show it stay.
        """
        centres, own = self.centres, self.centres.posterior(z)
        more, less = np.maximum(strengths, 0.0), np.minimum(strengths, 0.0) * own
        total = more.sum(axis=1, keepdims=True)
        blend = np.divide(more, total, out=np.zeros_like(more), where=total > 0)
        total = np.minimum(total, np.maximum(more.max(axis=1, keepdims=True), 1.0))
        share = np.where(total > 1, total, centres.share(own, blend, np.minimum(total, 1.0)))
        if ends is None:
            way = blend @ centres.targets - own @ centres.latents
        else:
            way = np.einsum("ne,ned->nd", blend, ends) - z
        return share * way, less @ (centres.latents - centres.latents.mean(axis=0))


@dataclass(frozen=True, eq=False)
class ToEnds(BetweenCentres):
    """A motion between centres in which each face has its own ends, which a network finds."""

    find: EndFinder
    keeps: bool
    """Whether `find` can keep some of the names as they are."""
    role: str = "paths"
    """Role in a bundle of the graph behind `find`."""

    def ends(self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the ends that `find` finds."""
        return self.find(z, wanted, kept)


FittedMotion = StraightLines | BetweenCentres
"""Motions that training fits and `axes.json` holds."""
