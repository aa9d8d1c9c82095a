"""Arithmetic on latent vectors: drawing them, moving them along axes, walking (paper, steps VI to IX)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlgan_runtime.axes import AxisSet
from tlgan_runtime.errors import InputError

EASINGS = ("linear", "smooth")


def sample(count: int, latent_dim: int, seed: int) -> NDArray[np.float32]:
    """(count, latent_dim) draws from N(0, I); row i depends on `seed` and i only, on every machine."""
    generator = np.random.Generator(np.random.PCG64(seed))
    return generator.standard_normal((count, latent_dim), dtype=np.float32)


def check_latents(z: ArrayLike, latent_dim: int) -> NDArray[np.float32]:
    """`z` as float32 (N, latent_dim); raises `InputError` for another shape or type, NaN, infinity or no rows."""
    try:
        array = np.asarray(z)
    except ValueError as error:
        raise InputError(f"z is not an array: {error}") from error
    if array.dtype.kind != "f":
        raise InputError(f"z must be float32, not {array.dtype}")
    if array.ndim != 2 or array.shape[1] != latent_dim or len(array) == 0:
        raise InputError(f"z must be (N, {latent_dim}) with N at least 1, not {array.shape}")
    with np.errstate(over="ignore"):
        latents = array.astype(np.float32, copy=False)
    if not np.isfinite(latents).all():
        raise InputError("z must be finite; it holds NaN or infinity")
    return latents


def move(
    z: NDArray[np.float32], axes: AxisSet, strengths: NDArray[np.float64], kept: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """z + sum over emotions of strength * max_strength * direction (paper, step IX: Z -> Z + kF).

    `z` is (N, latent_dim); `strengths` (E,) for all faces alike, or (N, E). Where the axes say `keep_norm`, each
    moved latent is rescaled to the norm that it had, so that it stays on the shell where N(0, I) has its mass.
    Axes with `centres` move each face on a line of its own, as `Centres.shift` says, to the ends that `find_ends` finds
    if there is one; it is told which emotions (E,) are to be `kept` as they are. A face whose strengths are all 0 comes
    back bit for bit.
    """
    start = z.astype(np.float64)
    if axes.centres is None:
        moved = start + (strengths * axes.max_strength) @ axes.directions
    else:
        wanted: NDArray[np.bool_] = np.any(np.atleast_2d(strengths) > 0, axis=0)
        kept = np.zeros(len(axes.emotions), bool) if kept is None else kept
        ends = axes.find_ends(z, wanted, kept) if axes.find_ends is not None and wanted.any() else None
        moved = start + axes.centres.shift(start, strengths, ends)
    if axes.keep_norm:
        before = np.linalg.norm(start, axis=1, keepdims=True)
        after = np.linalg.norm(moved, axis=1, keepdims=True)
        moved *= np.divide(before, after, out=np.ones_like(after), where=after > 0)
    still = ~np.broadcast_to(strengths, (len(z), len(axes.emotions))).any(axis=1, keepdims=True)
    return np.where(still, z, moved.astype(np.float32))


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
    held: NDArray[np.float32] = (start + (way - way @ basis.T @ basis)).astype(np.float32)
    return held


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
