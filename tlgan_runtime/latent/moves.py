"""Moves: how far along a motion faces are now."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.latent.axes import Motions
from tlgan_runtime.latent.keep import Kept, along, hold
from tlgan_runtime.latent.motions import Motion
from tlgan_runtime.latent.strengths import walk_strengths

UNTIL_STEPS = 16
"""Strengths that are tried on the way to a wanted probability."""


def move(
    z: NDArray[np.float32], motion: Motion, strengths: NDArray[np.float64], kept: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """`Way.at` for latents that are moved once."""
    wanted: NDArray[np.bool_] = np.any(np.atleast_2d(strengths) > 0, axis=0)
    return Way(z, motion, wanted, kept).at(strengths)


class Way:
    """Latents `z` (N, latent_dim) on their way along one motion.

    Each face's own ends are found at the first strength above 0, and kept for as long as this object lives; nobody may
    write to `z` meanwhile. `wanted` (K,) are the names that may get a strength above 0, `kept` (K,) those that ends
    are to leave as they are.
    """

    def __init__(
        self, z: NDArray[np.float32], motion: Motion, wanted: NDArray[np.bool_], kept: NDArray[np.bool_] | None = None
    ) -> None:
        self.start = z
        self._exact = z.astype(np.float64)
        self._motion = motion
        self._wanted = wanted
        self._kept = np.zeros(len(motion.names), bool) if kept is None else kept
        self._ends: NDArray[np.float64] | None = None

    def at(self, strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """The latents at strengths (K,) for all faces alike, or (N, K). Strengths of 0 give them back bit for bit."""
        return self.parts(strengths)[0]

    def parts(self, strengths: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """The moved latents (N, latent_dim), and the part of the way to them that leads away from names: of the same
        shape, or (1, latent_dim) where it is the same for all."""
        start, strengths = self._exact, np.atleast_2d(strengths)
        if self._ends is None and (strengths > 0).any():
            self._ends = self._motion.ends(self.start, self._wanted, self._kept)
        towards, away = self._motion.shift(start, strengths, self._ends)
        moved = (start + (towards + away)).astype(np.float32)
        return np.where(strengths.any(axis=1, keepdims=True), moved, self.start), away


class Move:
    """Faces and all motions of a call: `at` gives them at any strengths.

    What does not depend on the strengths is worked out once, and lives as long as this object. So one object serves
    one call (a move, a walk, a timeline), and threads that share a `CheerMeUp` do not share it.
    """

    def __init__(self, z: NDArray[np.float32], motions: Motions, kept: Kept, strengths: NDArray[np.float64]) -> None:
        """`z` (N, latent_dim); `strengths` (..., E + C + A) are all that `at` will be asked for."""
        self._z = z.copy()  # the caller may write to `z` while frames are taken
        self._motions = motions
        self._kept = kept
        count = len(motions.emotions.names)
        self._wanted: NDArray[np.bool_] = np.any(strengths.reshape(-1, strengths.shape[-1])[:, :count] > 0, axis=0)
        self._way = Way(self._z, motions.emotions, self._wanted, kept.emotions)

    def at(self, strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """Latents (N, latent_dim) moved by strengths (E + C + A,) or (N, E + C + A): by characters first, then by
        attributes, then by emotions.

        Nothing of the way leads along the directions of what is kept. Where ends keep emotions by themselves, the part
        of the way that leads towards ends is left to them. The part that leads away from emotions has no ends, so there
        the directions of kept emotions are taken out as well. Each part is held by itself, whatever the other is, so a
        small change of a strength is always a small move.
        """
        emotions, kept = self._motions.emotions, self._kept
        way = self._from(self._base(strengths))
        moved, away = way.parts(strengths[..., : len(emotions.names)])
        if emotions.keeps:
            rest: NDArray[np.float64] = along(away, kept.all) - along(away, kept.others)
            held = (hold(way.start, moved, kept.others) - rest).astype(np.float32)
        else:
            held = hold(way.start, moved, kept.all)
        return np.where(np.atleast_2d(strengths).any(axis=1, keepdims=True), held, self._z)

    def until(
        self,
        strengths: NDArray[np.float64],
        probability: float,
        seen: Callable[[NDArray[np.float32]], NDArray[np.float64]],
    ) -> NDArray[np.float32]:
        """Latents (N, latent_dim), each moved only as far towards `strengths` (E + C + A,) as it takes for what is
        `seen` in it, (M, latent_dim) -> (M,), to reach a probability. One that never does stops where it is highest.
        """
        best, highest = self._z.copy(), np.full(len(self._z), -1.0)
        pending = np.arange(len(self._z))
        for share in walk_strengths(UNTIL_STEPS + 1):
            moved = self.at(share * strengths)[pending]  # moving faces costs next to nothing; drawing them does not
            now = seen(moved)
            better = now > highest[pending]
            best[pending[better]], highest[pending[better]] = moved[better], now[better]
            pending = pending[now < probability]
            if not len(pending):
                break
        return best

    def _base(self, strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """The faces as they are before emotions move them."""
        moved, first = self._z, len(self._motions.emotions.names)
        for motion in self._motions.all[1:]:
            last = first + len(motion.names)
            moved, first = move(moved, motion, strengths[..., first:last]), last
        return hold(self._z, moved, self._kept.all)

    def _from(self, base: NDArray[np.float32]) -> Way:
        """The way from these faces; a new one only where characters or attributes have changed them."""
        if not np.array_equal(base, self._way.start):
            self._way = Way(base, self._motions.emotions, self._wanted, self._kept.emotions)
        return self._way
