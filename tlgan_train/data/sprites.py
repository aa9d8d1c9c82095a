"""Pictures in full size with alpha, packed in one file.

Each one is stored as lossless WebP, by its fastest method. Sprites of 256 pixels take 20 to 45 kB instead of 262, and
reading one takes less than a millisecond.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

SIDES = (64, 128, 256)
"""Sides of sprites, pixels. Each picture is stored with the largest one that needs no enlarging."""


class PackedSprite(NamedTuple):
    """A sprite as stored."""

    data: bytes
    """WebP; empty for a picture whose sprite shows no more than the picture of the model."""
    side: int
    """Pixels; 0 if there is no data."""
    see_through: bool
    """Whether any pixel is transparent in part."""

    @property
    def facts(self) -> tuple[int, int, int]:
        """Length of the data, side, and whether it is transparent."""
        return len(self.data), self.side, self.see_through


NOTHING = PackedSprite(b"", 0, see_through=False)


def packed(sprite: np.ndarray | None) -> PackedSprite:
    """Pack a sprite, uint8 (side, side, 4), or None."""
    if sprite is None:
        return NOTHING
    file = io.BytesIO()
    Image.fromarray(sprite).save(file, "webp", lossless=True, quality=0, method=0)
    return PackedSprite(file.getvalue(), len(sprite), bool((sprite[..., 3] < 255).any()))


def open_sprites(path: Path, facts: np.ndarray, image_size: int) -> tuple[Sprites | None, list[str]]:
    """Return the sprites of a file, and notes for people. None if they show no more than pictures of `image_size`.

    `facts` int64 (N, 3) are those of each `PackedSprite`. Raises `ValueError` if they do not fit the file.
    """
    ends, sides, see_through = facts[:, 0].cumsum(), facts[:, 1], facts[:, 2]
    if not len(ends) or not ends[-1]:
        return None, []
    size = max(side for side in (image_size, *SIDES) if side <= max(image_size, np.median(sides)))
    clear, notes = int(see_through.sum()), []
    channels = 4 if 2 * clear >= len(facts) else 3
    if 0 < clear < len(facts):
        drawn = "have transparency as well" if channels == 4 else "have none"
        notes = [f"{clear} of {len(facts)} pictures have transparent parts; drawn faces {drawn}"]
    if size == image_size and channels == 3:
        return None, notes
    data = np.memmap(path, np.uint8, "r")
    if len(data) != ends[-1]:
        raise ValueError(f"{path} has {len(data)} bytes instead of {ends[-1]}")
    return Sprites(data, ends, size, channels), notes


@dataclass(frozen=True)
class Sprites:
    """N sprites in one file, unpacked when they are needed."""

    data: np.ndarray
    """uint8, all files one after the other, mapped read-only."""
    ends: np.ndarray
    """int64 (N,): where each file ends."""
    size: int
    """Side in which sprites are returned, pixels."""
    channels: int
    """4 for RGBA; 3 if the pictures have no transparency."""

    def of(self, indices: np.ndarray, pictures: np.ndarray) -> np.ndarray:
        """Return sprites uint8 (n, size, size, 4) with straight alpha.

        `pictures` uint8 (n, S, S, 3) are those of the model; they stand in for sprites that show no more.
        """
        found = np.empty((len(indices), self.size, self.size, 4), np.uint8)
        for place, (index, picture) in enumerate(zip(indices, pictures, strict=True)):
            file = self.data[self.ends[index - 1] if index else 0 : self.ends[index]].tobytes()
            with Image.open(io.BytesIO(file)) if file else Image.fromarray(picture) as image:
                sprite = image.convert("RGBA")
            if sprite.size != (self.size, self.size):
                sprite = sprite.resize((self.size, self.size), Image.Resampling.LANCZOS)
            found[place] = np.asarray(sprite)
        return found
