"""Motions: where strengths lead latents. Each kind of motion is a class, and all answer the same questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Shift = tuple[NDArray[np.float64], NDArray[np.float64]]
"""What leads towards the names with a strength above 0, and what leads away from those below 0. Each is
(N, latent_dim), or (1, latent_dim) where all faces shift alike."""


class Motion(Protocol):
    """Where strengths lead the latents of faces.

    Strengths stand in the order of `names`: 0 for no effect, 1 for the full effect, and below 0 for less than now.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The K names that strengths are for."""

    @property
    def directions(self) -> NDArray[np.float64]:
        """(K, latent_dim), rows of length 1: along these, a face changes in what is named."""

    @property
    def keeps(self) -> bool:
        """Whether `ends` can leave some of the names as they are."""

    def ends(
        self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]
    ) -> NDArray[np.float64] | None:
        """Each face's own ends, (N, K, latent_dim), for latents (N, latent_dim); None where all faces share theirs.

        `wanted` (K,) are the names whose ends are asked for; those of others may be anything finite. `kept` (K,) are
        the names to leave as they are.
        """

    def shift(self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None) -> Shift:
        """How far latents (N, latent_dim) shift at strengths (1, K), for all alike, or (N, K).

        `ends` are what `ends` gave for these latents; they are needed only for strengths above 0. A small change of a
        strength is a small change of both parts.
        """


@dataclass(frozen=True, eq=False)
class StraightLines:
    """All faces shift alike (paper, step IX: Z -> Z + kF)."""

    names: tuple[str, ...]
    directions: NDArray[np.float64]
    """(K, latent_dim), rows of length 1."""
    lengths: NDArray[np.float64]
    """(K,) what strength 1 is, in standard deviations of the prior."""
    keep_norm: bool
    """Whether each moved latent is rescaled to the norm that it had. So it stays where N(0, I) has its mass."""
    keeps = False

    def ends(self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]) -> None:
        """None: the lines have no ends."""
        return None

    def shift(
        self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None = None
    ) -> Shift:
        """The sum over names of strength * length * direction. With `keep_norm` a move through the origin itself, which
        has no direction, is the one exception to small moves for small changes."""
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
    """One direction, and two places along it: that of faces without an attribute, and that of faces with it."""

    name: str
    direction: NDArray[np.float64]
    """(latent_dim,), of length 1."""
    levels: tuple[float, float]
    """Places, z · direction, that strengths -1 and 1 lead to."""
    keeps = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def directions(self) -> NDArray[np.float64]:
        return self.direction[None]

    def ends(self, z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]) -> None:
        """None: both levels are the same for all faces."""
        return None

    def shift(
        self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None = None
    ) -> Shift:
        """Towards a level, as far as strengths say; faces that are beyond it stay there."""
        place, (low, high) = (z @ self.direction)[:, None], self.levels
        towards = np.maximum(strengths, 0.0) * np.maximum(high - place, 0.0)
        away = np.maximum(-strengths, 0.0) * np.minimum(low - place, 0.0)
        return towards * self.direction, away * self.direction
