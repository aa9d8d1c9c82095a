"""Labels read off the latent by a fixed linear rule, so that a plain N(0, I) generator can be asked for them.

The prior is cut into E sectors of equal mass by a regular simplex: E unit vectors with equal angles that sum to zero.
A latent belongs to the emotion whose vector it points to most. The discriminator sees drawn pictures with the label of
their sector and real pictures with their own, so each sector learns to draw its emotion, and the straight line along
a vector leads from any sector into that one. Several label sets (emotion, character) use separate coordinates: moving
along one leaves the other as it is.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def sector_vectors(sizes: tuple[int, ...], latent_dim: int) -> tuple[Tensor, ...]:
    """Unit vectors (size, latent_dim) float32 for each label set, on the leading coordinates, size - 1 for each set."""
    if sum(size - 1 for size in sizes) > latent_dim:
        raise ValueError(f"{latent_dim} latent dimensions hold no sectors for label sets of {sizes}")
    vectors, start = [], 0
    for size in sizes:
        full = torch.zeros(size, latent_dim)
        full[:, start : start + size - 1] = torch.from_numpy(_simplex(size))
        vectors.append(full)
        start += size - 1
    return tuple(vectors)


def sector_labels(z: Tensor, vectors: Tensor) -> Tensor:
    """Label of the sector that each latent (N, latent_dim) lies in, int64 (N,)."""
    return (z @ vectors.T).argmax(dim=1)


def _simplex(size: int) -> np.ndarray:
    """Vertices of a regular simplex around the origin, unit length: float32 (size, size - 1)."""
    centred = np.eye(size) - 1 / size
    basis = np.linalg.qr(centred[:, :-1])[0]
    vertices = centred @ basis
    return (vertices / np.linalg.norm(vertices, axis=1, keepdims=True)).astype(np.float32)
