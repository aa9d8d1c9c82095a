"""Where strengths of emotions lead a face, and the parts of a way that must not be gone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.latent.axes import AxisSet


def move(
    z: NDArray[np.float32], axes: AxisSet, strengths: NDArray[np.float64], kept: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """`Way.at` for latents that are moved once."""
    wanted: NDArray[np.bool_] = np.any(np.atleast_2d(strengths) > 0, axis=0)
    return Way(z, axes, wanted, kept).at(strengths)


class Way:
    """Latents `z` (N, latent_dim), and the axes along which strengths move them.

    Each face's own ends are found at the first strength above 0, and kept for as long as this object lives; nobody may
    write to `z` meanwhile. `wanted` (E,) are the emotions that may get a strength above 0, `kept` (E,) those that ends
    are to leave as they are.
    """

    def __init__(
        self, z: NDArray[np.float32], axes: AxisSet, wanted: NDArray[np.bool_], kept: NDArray[np.bool_] | None = None
    ) -> None:
        self.start = z
        self._exact = z.astype(np.float64)
        self._axes = axes
        self._wanted = wanted
        self._kept = np.zeros(len(axes.emotions), bool) if kept is None else kept
        self._ends: NDArray[np.float64] | None = None

    def at(self, strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """z + sum over emotions of strength * max_strength * direction (paper, step IX: Z -> Z + kF).

        `strengths` are (E,) for all faces alike, or (N, E). Where the axes say `keep_norm`, each moved latent is
        rescaled to the norm that it had, so that it stays on the shell where N(0, I) has its mass. Axes with `centres`
        move each face on a line of its own, as `Centres.shift` says. A face whose strengths are all 0 comes back bit
        for bit, and a small change of a strength is a small move. (The one exception is a move with `keep_norm`
        through the origin itself, which has no direction.)
        """
        return self.parts(strengths)[0]

    def parts(self, strengths: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """The moved latents (N, latent_dim), and how much of the way to them leads away from emotions (same shape)."""
        axes, start = self._axes, self._exact
        if axes.centres is None:
            away = (np.minimum(strengths, 0.0) * axes.max_strength) @ axes.directions
            moved = start + (strengths * axes.max_strength) @ axes.directions
        else:
            towards, away = axes.centres.shift(start, strengths, self._found() if (strengths > 0).any() else None)
            moved = start + (towards + away)
        scale = np.ones((len(start), 1))
        if axes.keep_norm:
            before = np.linalg.norm(start, axis=1, keepdims=True)
            after = np.linalg.norm(moved, axis=1, keepdims=True)
            np.divide(before, after, out=scale, where=after > 0)
            moved *= scale
        still = ~np.broadcast_to(strengths, (len(start), len(axes.emotions))).any(axis=1, keepdims=True)
        return np.where(still, self.start, moved.astype(np.float32)), scale * away

    def _found(self) -> NDArray[np.float64] | None:
        if self._ends is None and self._axes.find_ends is not None:
            self._ends = self._axes.find_ends(self.start, self._wanted, self._kept)
        return self._ends


def basis(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal rows, as few as it takes, of what the rows of `directions` (K, latent_dim) span."""
    _, values, right = np.linalg.svd(directions, full_matrices=False)
    rows: NDArray[np.float64] = right[values > 1e-6 * values.max(initial=0.0)]
    return rows


def hold(start: NDArray[np.float32], moved: NDArray[np.float32], basis: NDArray[np.float64]) -> NDArray[np.float32]:
    """`moved` (N, latent_dim) without what of the way from `start` leads along the orthonormal rows of a `basis`.

    The conditional projection of InterFaceGAN (Shen et al. 2020), on all the kept directions together.
    """
    if not len(basis):
        return moved
    way = moved.astype(np.float64) - start
    held: NDArray[np.float32] = (start + (way - along(way, basis))).astype(np.float32)
    return held


def along(way: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of ways (N, latent_dim) that leads along the orthonormal rows of a `basis` (K, latent_dim)."""
    part: NDArray[np.float64] = way @ basis.T @ basis
    return part
