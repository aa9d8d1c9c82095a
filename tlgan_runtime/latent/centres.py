"""Moves between centres: every face goes from the centre of its own emotion towards that of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Centres:
    """Where the faces of each emotion are, and how a face's own emotion is read off its latent.

    With them a face moves on a line of its own: from the centre of its emotion towards the target of another, keeping
    its place relative to the centre. Rows are in the order of the emotions.
    """

    latents: NDArray[np.float64]
    """(E, latent_dim) mean latent of each emotion."""
    slopes: NDArray[np.float64]
    """(E, latent_dim) of the posterior softmax(slopes z + intercepts)."""
    intercepts: NDArray[np.float64]
    """(E,)."""
    targets: NDArray[np.float64]
    """(E, latent_dim) where strength 1 leads: the centre, or beyond it where the effect is only complete there."""
    pace: NDArray[np.float64]
    """(E, E, K + 1) share of the way, from 0 to 1, at K + 1 even strengths from 0 to 1, from each emotion (row) to each
    (column): slow where faces change fast, so that even strengths show even changes."""

    def posterior(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, E) probabilities of each emotion for latents (N, latent_dim)."""
        logits = z @ self.slopes.T + self.intercepts
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        posterior: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
        return posterior

    def shift(
        self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What leads towards emotions and what leads away from them, (N, latent_dim) each, for latents of that shape.

        `strengths` are (E,) or (N, E). Those above 0 lead towards the emotion's target from the centre of the face
        itself, blended by its posterior, or towards the face's own `ends` (N, E, latent_dim). Where several add up to
        more than 1 (or than the largest of them), they are scaled down to that, for a blend of their targets. Those
        below 0 lead away from the emotion towards the middle of all, as far as the face shows it; faces that do not
        show it stay. Both parts change continuously with the strengths, through 0 and through a sum of 1 as well.
        """
        own, strengths = self.posterior(z), np.atleast_2d(strengths)
        more, less = np.maximum(strengths, 0.0), np.minimum(strengths, 0.0) * own
        total = more.sum(axis=1, keepdims=True)
        blend = np.divide(more, total, out=np.zeros_like(more), where=total > 0)
        total = np.minimum(total, np.maximum(more.max(axis=1, keepdims=True), 1.0))
        share = np.where(total > 1, total, self._share(own, blend, np.minimum(total, 1.0)))
        way = blend @ self.targets - own @ self.latents if ends is None else np.einsum("ne,ned->nd", blend, ends) - z
        return share * way, less @ (self.latents - self.latents.mean(axis=0))

    def _share(
        self, own: NDArray[np.float64], blend: NDArray[np.float64], strength: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(N, 1) share of the way of faces with posteriors `own` to a `blend` of emotions, at strengths from 0 to 1."""
        knots = self.pace.shape[2] - 1
        place = strength[:, 0] * knots
        before = np.minimum(place.astype(int), knots - 1)
        between = self.pace[..., before] + (place - before) * (self.pace[..., before + 1] - self.pace[..., before])
        share: NDArray[np.float64] = (own * np.einsum("oen,ne->no", between, blend)).sum(axis=1, keepdims=True)
        return share
