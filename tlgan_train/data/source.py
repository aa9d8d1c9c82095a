"""Pictures that are known but not yet read: what a cache entry is built from."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from tlgan_train.data.dataset import SkippedFile


@dataclass(frozen=True)
class Batch:
    """Some pictures in a row; n of `total` that could be used, F factors."""

    images: np.ndarray
    """uint8 (n, S, S, 3) RGB."""
    character: np.ndarray
    """int64 (n,)."""
    emotion: np.ndarray
    """int64 (n,)."""
    factors: np.ndarray
    """float32 (n, F)."""
    total: int
    """Pictures asked for, usable or not."""
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()
    """What was found out while the pictures were read, for people."""


@dataclass(frozen=True)
class Source:
    """Where pictures come from, listed in class order and in frame order within each class."""

    name: str
    """For people: the folder, the file, `the built-in characters`."""
    key: str
    """SHA-256 of all that decides the pixels and labels, found without reading a picture."""
    total: int
    image_size: int
    characters: tuple[str, ...]
    emotions: tuple[str, ...]
    classes: frozenset[tuple[int, int]]
    """(character, emotion) pairs that must have pictures."""
    factors: tuple[str, ...]
    batches: Callable[[], Generator[Batch]]
    """Starts the reading or drawing; closing the generator ends its processes."""
    notes: tuple[str, ...] = ()
