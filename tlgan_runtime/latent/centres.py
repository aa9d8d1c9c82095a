"""Motions between centres: every face goes from the centre of its own emotion towards that of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.latent.motions import Shift, StraightLines

EndFinder = Callable[[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float64]]
"""What `Motion.ends` does: latents (N, latent_dim), wanted names (K,) and kept names (K,) -> (N, K, latent_dim)."""


@dataclass(frozen=True, eq=False)
class Centres:
    """Where the faces of each name are, and how a face's own name is read off its latent. Rows are in their order."""

    latents: NDArray[np.float64]
    """(K, latent_dim) mean latent of each."""
    slopes: NDArray[np.float64]
    """(K, latent_dim) of the posterior softmax(slopes z + intercepts)."""
    intercepts: NDArray[np.float64]
    """(K,)."""
    targets: NDArray[np.float64]
    """(K, latent_dim) where strength 1 leads: the centre, or beyond it where the effect is only complete there."""
    pace: NDArray[np.float64]
    """(K, K, S + 1) share of the way, from 0 to 1, at S + 1 even strengths from 0 to 1, from each name (row) to each
    (column): slow where faces change fast, so that even strengths show even changes."""

    def posterior(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, K) probabilities of each name for latents (N, latent_dim)."""
        logits = z @ self.slopes.T + self.intercepts
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        posterior: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
        return posterior

    def share(
        self, own: NDArray[np.float64], blend: NDArray[np.float64], strength: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(N, 1) share of the way of faces with posteriors `own` to a `blend` of names, at strengths from 0 to 1."""
        knots = self.pace.shape[2] - 1
        place = strength[:, 0] * knots
        before = np.minimum(place.astype(int), knots - 1)
        between = self.pace[..., before] + (place - before) * (self.pace[..., before + 1] - self.pace[..., before])
        share: NDArray[np.float64] = (own * np.einsum("oen,ne->no", between, blend)).sum(axis=1, keepdims=True)
        return share


def even_pace(count: int) -> NDArray[np.float64]:
    """A pace between `count` names at which even strengths go even shares of the way."""
    return np.tile([0.0, 1.0], (count, count, 1))


@dataclass(frozen=True, eq=False)
class BetweenCentres:
    """A face goes from the centre of its own name to the target of another, and keeps its place relative to them."""

    names: tuple[str, ...]
    directions: NDArray[np.float64]
    """(K, latent_dim), rows of length 1, along which a face changes in the name."""
    lengths: NDArray[np.float64]
    """(K,) mean distance to where strength 1 leads, in standard deviations of the prior; moves do not use it."""
    centres: Centres
    keeps = False

    def ends(
        self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]
    ) -> NDArray[np.float64] | None:
        """None: all faces go to the targets."""
        return None

    def shift(
        self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None = None
    ) -> Shift:
        """As `Motion.shift` says.

        Strengths above 0 lead towards the name's target from the centre of the face itself, blended by its posterior,
        or towards the face's own `ends` (N, K, latent_dim). Where several add up to more than 1 (or than the largest
        of them), they are scaled down to that, for a blend of their targets. Those below 0 lead away from the name,
        towards the middle of all, as far as the face shows it; faces that do not show it stay.
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
    """As between centres, but each face has ends of its own, which a network finds."""

    find: EndFinder
    keeps: bool
    """Whether `find` can leave some of the names as they are."""
    role: str = "paths"
    """Role of the graph in a bundle that is `find`."""

    def ends(self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        """What `find` finds."""
        return self.find(z, wanted, kept)


FittedMotion = StraightLines | BetweenCentres
"""What training fits; `axes.json` holds these."""
