"""Sources of pictures: listed but not read yet. Cache entries are built from them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np

from tlgan_runtime.transparency import Colour
from tlgan_train.data.dataset import SkippedFile
from tlgan_train.data.sprites import PackedSprite
from tlgan_train.errors import TrainError


@dataclass(frozen=True)
class Batch:
    """Pictures in a row: n usable ones of `total`, with F factors."""

    images: np.ndarray
    """uint8 (n, S, S, 3) RGB."""
    character: np.ndarray
    """int64 (n,)."""
    emotion: np.ndarray
    """int64 (n,)."""
    factors: np.ndarray
    """float32 (n, F)."""
    total: int
    """Number of pictures, usable or not."""
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()
    """Notes for people from reading the pictures."""
    sprites: tuple[PackedSprite, ...] = ()
    """Of the n pictures, if the source has sprites."""


@dataclass(frozen=True)
class Source:
    """A list of pictures, in class order and in frame order within each class."""

    name: str
    """Name for people: the folder, the file, or `the built-in characters`."""
    key: str
    """SHA-256 of everything that determines pixels and labels, computed without reading a picture."""
    total: int
    image_size: int
    """Side of the pictures, pixels."""
    sprite_size: int
    """Largest side of the sprites, pixels; 0 for a source without sprites."""
    background: Colour
    """What the pictures show where sprites are transparent."""
    characters: tuple[str, ...]
    emotions: tuple[str, ...]
    classes: frozenset[tuple[int, int]]
    """(character, emotion) pairs that must have pictures."""
    factors: tuple[str, ...]
    batches: Callable[[], Generator[Batch]]
    """Starts to read or draw. Closing the generator ends its processes."""
    notes: tuple[str, ...] = ()


MAX_SKIPPED_SHARE = 0.01


def refuse_many_skipped(source: Source, skipped: Sequence[SkippedFile]) -> None:
    """Raise `TrainError` if more than 1 % of the files of a source are unusable."""
    if len(skipped) > MAX_SKIPPED_SHARE * source.total:
        examples = "; ".join(f"{item.path}: {item.reason}" for item in skipped[:3])
        raise TrainError(
            f"at least {len(skipped)} of {source.total} files in {source.name} cannot be used ({examples}); "
            f"mend or remove them, at most {MAX_SKIPPED_SHARE:.0%} may be bad"
        )


def check_usable(source: Source, character: np.ndarray, emotion: np.ndarray, skipped: Sequence[SkippedFile]) -> None:
    """Raise `TrainError` if a class has no usable picture. Labels of usable pictures are int64 (N,)."""
    there = set(zip(character.tolist(), emotion.tolist(), strict=True))
    for number, other in sorted(source.classes - there):
        name = f"{source.characters[number]} / {source.emotions[other]}"
        example = f" ({skipped[0].path}: {skipped[0].reason})" if skipped else ""
        raise TrainError(f"no usable picture in class {name} of {source.name}{example}; every class needs some")
