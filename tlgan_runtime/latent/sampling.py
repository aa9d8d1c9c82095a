"""Draw latents from N(0, I), and check latents from a caller (paper, step VI)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlgan_runtime.errors import InputError
from tlgan_runtime.validation import array

MAX_LATENT = 1000.0
"""Limit of each coordinate, in standard deviations of the prior. Draws stay within 6, and moves by the largest strength
end some hundred away. Beyond the limit, float32 starts to fail in graphs that square or exponentiate."""


def sample(count: int, latent_dim: int, seed: int) -> NDArray[np.float32]:
    """Return draws (count, latent_dim) from N(0, I). Row i only depends on `seed` and i, on every machine."""
    generator = np.random.Generator(np.random.PCG64(seed))
    return generator.standard_normal((count, latent_dim), dtype=np.float32)


def check_latents(z: ArrayLike, latent_dim: int, what: str = "z") -> NDArray[np.float32]:
    """Return `z` as float32. Raises `InputError` unless it is (N, latent_dim) and within ±`MAX_LATENT`.

    Messages call it `what`.
    """
    given = array(what, z)
    if given.dtype.kind != "f":
        raise InputError(f"{what} must be float32, not {given.dtype}")
    if given.ndim != 2 or given.shape[1] != latent_dim or len(given) == 0:
        raise InputError(f"{what} must be (N, {latent_dim}) with N at least 1, not {given.shape}")
    with np.errstate(over="ignore"):
        latents = given.astype(np.float32, copy=False)
    if not np.isfinite(latents).all():
        raise InputError(f"{what} must be finite; it holds NaN or infinity")
    if (farthest := float(np.abs(latents).max())) > MAX_LATENT:
        raise InputError(
            f"{what} must be from {-MAX_LATENT:g} to {MAX_LATENT:g}, in standard deviations of the prior; it holds "
            f"{farthest:g}"
        )
    return latents
