"""Move latents along motions to given strengths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.latent.axes import Motions
from tlgan_runtime.latent.keep import Kept, along, hold
from tlgan_runtime.latent.motions import Motion
from tlgan_runtime.latent.strengths import walk_strengths

UNTIL_STEPS = 16
"""Number of strengths to try on the way to a given probability."""


def move(
    z: NDArray[np.float32], motion: Motion, strengths: NDArray[np.float64], kept: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Move latents (N, latent_dim) once, as `Way.at` does."""
    wanted: NDArray[np.bool_] = np.any(np.atleast_2d(strengths) > 0, axis=0)
    return Way(z, motion, wanted, kept).at(strengths)


class Way:
    """Latents on their way along one motion.

    Ends of the faces are found at the first strength above 0 and stored in this object. Nobody may write to `z` while
    it lives.

    Args:
        z: latents (N, latent_dim).
        wanted: (K,) marks the names that may get a strength above 0.
        kept: (K,) marks the names that the ends keep as they are. None keeps none.
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
        """Return the latents at strengths (N, K), or (K,) for all faces alike. At strength 0 they are bit-identical."""
        return self.parts(strengths)[0]

    def parts(self, strengths: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return the moved latents (N, latent_dim), and the part of the shift that leads away from names.

        That part is (N, latent_dim), or (1, latent_dim) if it is the same for all faces.
        """
        start, strengths = self._exact, np.atleast_2d(strengths)
        if self._ends is None and (strengths > 0).any():
            self._ends = self._motion.ends(self.start, self._wanted, self._kept)
        towards, away = self._motion.shift(start, strengths, self._ends)
        moved = (start + (towards + away)).astype(np.float32)
        return np.where(strengths.any(axis=1, keepdims=True), moved, self.start), away


class Move:
    """The faces and all motions of a call. `at` moves the faces to any strengths.

    The object computes once what does not depend on the strengths, and stores it. It serves one call (a move, a walk, a
    timeline), so threads that share a `CheerMeUp` do not share it.
    """

    def __init__(self, z: NDArray[np.float32], motions: Motions, kept: Kept, strengths: NDArray[np.float64]) -> None:
        """`z` is (N, latent_dim). `strengths` (..., E + C + A) are all those to which `at` will move the faces."""
        self._z = z.copy()  # the caller may write to `z` between frames
        self._motions = motions
        self._kept = kept
        count = len(motions.emotions.names)
        self._wanted: NDArray[np.bool_] = np.any(strengths.reshape(-1, strengths.shape[-1])[:, :count] > 0, axis=0)
        self._way = Way(self._z, motions.emotions, self._wanted, kept.emotions)

    def at(self, strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the latents (N, latent_dim) moved by strengths (E + C + A,) or (N, E + C + A).

        Characters move them first, then attributes, then emotions.

        The components of the move along the directions of kept names are removed, with one exception. If ends keep
        emotions by themselves, the part of the move towards ends stays as it is. The part away from emotions has no
        ends, so the directions of kept emotions are removed from it. Both parts are treated separately, so a small
        change of a strength always makes a small move.
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
        read: Callable[[NDArray[np.float32]], NDArray[np.float64]],
    ) -> NDArray[np.float32]:
        """Return latents (N, latent_dim), each moved towards `strengths` (E + C + A,) until it reaches `probability`.

        `read` returns the probabilities (M,) of latents (M, latent_dim). A latent that never reaches `probability`
        stops where its own is highest.
        """
        best, highest = self._z.copy(), np.full(len(self._z), -1.0)
        pending = np.arange(len(self._z))
        for share in walk_strengths(UNTIL_STEPS + 1):
            moved = self.at(share * strengths)[pending]  # all faces move, because only drawing them is expensive
            scores = read(moved)
            better = scores > highest[pending]
            best[pending[better]], highest[pending[better]] = moved[better], scores[better]
            pending = pending[scores < probability]
            if not len(pending):
                break
        return best

    def _base(self, strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the faces after characters and attributes moved them, before emotions do."""
        moved, first = self._z, len(self._motions.emotions.names)
        for motion in self._motions.all[1:]:
            last = first + len(motion.names)
            moved, first = move(moved, motion, strengths[..., first:last]), last
        return hold(self._z, moved, self._kept.all)

    def _from(self, base: NDArray[np.float32]) -> Way:
        """Return the way from these faces. It is a new one only if characters or attributes have changed them."""
        if not np.array_equal(base, self._way.start):
            self._way = Way(base, self._motions.emotions, self._wanted, self._kept.emotions)
        return self._way
