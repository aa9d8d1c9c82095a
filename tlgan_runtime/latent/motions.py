"""Motions: how strengths shift latents. Each kind of motion is a class, and all have the same methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Shift = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Two parts of a shift: towards names with a strength above 0, and away from names with a strength below 0. Each is
(N, latent_dim), or (1, latent_dim) if all faces shift alike."""


class Motion(Protocol):
    """Shifts the latents of faces.

    Strengths are in the order of `names`. 0 is no effect, 1 the full effect, and below 0 is less than now.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The K names, in the order of strengths."""

    @property
    def directions(self) -> NDArray[np.float64]:
        """(K, latent_dim), rows of length 1. Along each, a face changes in the name."""

    @property
    def keeps(self) -> bool:
        """Whether `ends` can keep some of the names as they are."""

    def ends(
        self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]
    ) -> NDArray[np.float64] | None:
        """Return the ends (N, K, latent_dim) of latents (N, latent_dim), or None if all faces share the same targets.

        `wanted` (K,) marks the names whose ends are needed. Ends of other names may have any finite value. `kept` (K,)
        marks the names to keep as they are.
        """

    def shift(self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None) -> Shift:
        """Return the shift of latents (N, latent_dim) at strengths (N, K), or (1, K) for all faces alike.

        `ends` is the result of the method `ends` for these latents, and is only needed for strengths above 0. A small
        change of a strength makes a small change of both parts.
        """


@dataclass(frozen=True, eq=False)
class StraightLines:
    """All faces shift alike (paper, step IX: Z -> Z + kF)."""

    names: tuple[str, ...]
    directions: NDArray[np.float64]
    """(K, latent_dim), rows of length 1."""
    lengths: NDArray[np.float64]
    """(K,) distance of strength 1, in standard deviations of the prior."""
    keep_norm: bool
    """Whether each moved latent is rescaled to its norm before the move. It then stays where N(0, I) has its mass."""
    keeps = False

    def ends(self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]) -> None:
        """Return None, because the lines have no ends."""
        return None

    def shift(
        self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None = None
    ) -> Shift:
        """Return the sum over names of strength * length * direction.

        With `keep_norm` there is one exception to small shifts for small changes: a move through the origin, which has
        no direction.
        """
        towards, away = (
            (part * self.lengths) @ self.directions for part in (np.maximum(strengths, 0.0), np.minimum(strengths, 0.0))
        )
        if not self.keep_norm:
            return towards, away
        moved = z + (towards + away)
        before, after = (np.linalg.norm(latents, axis=1, keepdims=True) for latents in (z, moved))
        scale = np.divide(before, after, out=np.ones_like(after), where=after > 0)
        return scale * (moved - away) - z, scale * away


@dataclass(frozen=True, eq=False)
class ToLevel:
    """One direction with two places along it: one for faces without an attribute, and one for faces with it."""

    name: str
    direction: NDArray[np.float64]
    """(latent_dim,), of length 1."""
    levels: tuple[float, float]
    """Places, z · direction, at strengths -1 and 1."""
    keeps = False

    @property
    def names(self) -> tuple[str, ...]:
        """The name alone."""
        return (self.name,)

    @property
    def directions(self) -> NDArray[np.float64]:
        """The direction as (1, latent_dim)."""
        return self.direction[None]

    def ends(self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]) -> None:
        """Return None, because all faces have the same levels."""
        return None

    def shift(
        self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None = None
    ) -> Shift:
        """Return the shift towards a level, in proportion to the strengths. Faces that are beyond the level stay."""
        place, (low, high) = (z @ self.direction)[:, None], self.levels
        towards = np.maximum(strengths, 0.0) * np.maximum(high - place, 0.0)
        away = np.maximum(-strengths, 0.0) * np.minimum(low - place, 0.0)
        return towards * self.direction, away * self.direction
