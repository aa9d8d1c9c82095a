"""Arithmetic on latent vectors: drawing them, moving them along axes, walking (paper, steps VI to IX)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlgan_runtime.axes import AxisSet
from tlgan_runtime.errors import InputError

EASINGS = ("linear", "smooth")
MAX_LATENT = 1000.0
"""Standard deviations of the prior, of any one coordinate. Draws stay within 6, and moves by the largest strength end
some hundred away. Beyond this, arithmetic in float32 begins to fail where graphs square or exponentiate."""


def sample(count: int, latent_dim: int, seed: int) -> NDArray[np.float32]:
    """(count, latent_dim) draws from N(0, I); row i depends on `seed` and i only, on every machine."""
    generator = np.random.Generator(np.random.PCG64(seed))
    return generator.standard_normal((count, latent_dim), dtype=np.float32)


def check_latents(z: ArrayLike, latent_dim: int) -> NDArray[np.float32]:
    """`z` as float32 (N, latent_dim), within ±`MAX_LATENT`; raises `InputError` for anything else."""
    try:
        array = np.asarray(z)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"z is not an array: {error}") from error
    if array.dtype.kind != "f":
        raise InputError(f"z must be float32, not {array.dtype}")
    if array.ndim != 2 or array.shape[1] != latent_dim or len(array) == 0:
        raise InputError(f"z must be (N, {latent_dim}) with N at least 1, not {array.shape}")
    with np.errstate(over="ignore"):
        latents = array.astype(np.float32, copy=False)
    if not np.isfinite(latents).all():
        raise InputError("z must be finite; it holds NaN or infinity")
    if (farthest := float(np.abs(latents).max())) > MAX_LATENT:
        raise InputError(
            f"z must be from {-MAX_LATENT:g} to {MAX_LATENT:g}, in standard deviations of the prior; it holds "
            f"{farthest:g}"
        )
    return latents


def move(
    z: NDArray[np.float32], axes: AxisSet, strengths: NDArray[np.float64], kept: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """`Way.at` for latents that are moved once."""
    wanted: NDArray[np.bool_] = np.any(np.atleast_2d(strengths) > 0, axis=0)
    return Way(z, axes, wanted, kept).at(strengths)


class Way:
    """Latents `z` (N, latent_dim), and the axes along which strengths move them.

    Each face's own ends are found at the first strength above 0, and kept for as long as this object lives.
    `wanted` (E,) are the emotions that may get a strength above 0, `kept` (E,) those that ends are to leave as they
    are.
    """

    def __init__(
        self, z: NDArray[np.float32], axes: AxisSet, wanted: NDArray[np.bool_], kept: NDArray[np.bool_] | None = None
    ) -> None:
        self.start = z.copy()  # the caller may write to `z` while frames are taken
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


def walk_strengths(steps: int, easing: str = "linear") -> NDArray[np.float64]:
    """(steps,) strengths from 0 to 1, both included; steps >= 2. Evenly spaced, unless eased."""
    return ease(np.linspace(0.0, 1.0, steps), easing)


def ease(share: NDArray[np.float64], easing: str) -> NDArray[np.float64]:
    """How far along at each share, 0 to 1, of the time: `linear`, or `smooth`, which sets off and arrives slowly."""
    return share if easing == "linear" else share * share * (3.0 - 2.0 * share)


def timeline_strengths(
    times: NDArray[np.float64], keys: NDArray[np.float64], fps: float, easing: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds (T,) and strengths (T, E) of the frames of a timeline with `keys` (K, E) at `times` (K,) seconds.

    Each keyframe is a frame at exactly its time; the frames between two are evenly spaced, at most `fps` a second, and
    each gap is eased by itself.
    """
    moments, rows = [times[:1]], [keys[:1]]
    for start, end, here, there in zip(times, times[1:], keys, keys[1:], strict=False):
        count = max(1, int((end - start) * fps + 1e-6))  # rounding must not cost a frame
        share = np.arange(1, count + 1) / count
        moments.append(start + share * (end - start))
        along = ease(share, easing)[:, None]
        rows.append((1 - along) * here + along * there)
    return np.concatenate(moments), np.concatenate(rows)
