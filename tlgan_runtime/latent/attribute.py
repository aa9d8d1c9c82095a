"""Attributes that were added to a finished model: glasses, where a head turns, whatever pictures were labelled with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINARY, NUMBER = "binary", "number"
KINDS = (BINARY, NUMBER)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
"""Names that attributes may have, but for the words that `names.RESERVED` holds."""


@dataclass(frozen=True, eq=False)
class Attribute:
    """One direction of the latent space, and the two places along it where the attribute is surely absent and there."""

    name: str
    kind: str
    """`binary` (without or with), or `number` (little or much of it)."""
    direction: NDArray[np.float64]
    """(latent_dim,), of length 1."""
    levels: tuple[float, float]
    """Places, z · direction, that strengths -1 and 1 lead to."""
    max_strength: tuple[float, float]
    """Mean distance to them, in latent units; moves do not use it."""
    fitted: Mapping[str, Any]
    """How it was fitted, in the words of the one who fitted it."""
    measured: Mapping[str, Any]
    """How well it works, by a reader that took no part in fitting."""

    def move(self, z: NDArray[np.float32], strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """Latents (N, latent_dim) moved by strengths () or (N,) towards a level; those that are beyond it stay there.

        Below 0 towards the level where the attribute is absent. A face of strength 0 comes back bit for bit.
        """
        start = z.astype(np.float64)
        strengths = np.broadcast_to(strengths, len(z))
        place = start @ self.direction
        low, high = self.levels
        gap = np.where(strengths > 0, np.maximum(high - place, 0.0), np.minimum(low - place, 0.0))
        moved = start + (np.abs(strengths) * gap)[:, None] * self.direction
        return np.where((strengths == 0)[:, None], z, moved.astype(np.float32))
