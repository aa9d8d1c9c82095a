"""A data set of labelled pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tlgan_runtime.transparency import Colour
from tlgan_train.data.sources.spelling import composed
from tlgan_train.data.sprites import Sprites
from tlgan_train.errors import TrainError

SPLITS = ("train", "validation", "test")
UNDIVIDED = len(SPLITS)
"""In place of an index into `SPLITS`: the picture is in all of them, because its class has too few."""


@dataclass(frozen=True)
class SkippedFile:
    """A listed file that is not a usable picture."""

    path: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Labelled pictures with a deterministic split; N pictures of S × S pixels."""

    images: np.ndarray
    """uint8 (N, S, S, 3) RGB, usually memory-mapped and read-only."""
    emotion: np.ndarray
    """int64 (N,), index into `emotions`."""
    character: np.ndarray
    """int64 (N,), index into `characters`."""
    split: np.ndarray
    """uint8 (N,), index into `SPLITS`, or `UNDIVIDED`."""
    emotions: tuple[str, ...]
    characters: tuple[str, ...]
    digest: str
    """SHA-256 of pixels, labels, names and split: equal data has an equal digest, wherever its files lie."""
    spec: str
    """The data spec."""
    factors: dict[str, np.ndarray] = field(default_factory=dict)
    """Known values for each picture, float32 (N,): pose, gaze, … of drawn faces, or numeric columns of a CSV."""
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()
    """Messages about what the readers decided, such as columns left out or parts of pictures cut off."""
    cache: Path | None = None
    """Folder of the cache entry that holds `images`."""
    sprites: Sprites | None = None
    """The same pictures in full size or with alpha. None if they show no more than `images`."""
    background: Colour = (255, 255, 255)
    """What `images` show where sprites are transparent."""

    @property
    def image_size(self) -> int:
        """Side of `images`, which all networks but the head see."""
        return int(self.images.shape[1])

    def sprites_of(self, indices: np.ndarray) -> np.ndarray:
        """Return sprites, uint8 (n, size, size, 4) with straight alpha. The data set must have some."""
        assert self.sprites is not None
        return self.sprites.of(indices, self.images[indices])

    def indices(self, split: str, characters: tuple[str, ...] | None = None) -> np.ndarray:
        """int64 indices of the pictures in a split, of all characters or of some."""
        chosen = np.isin(self.split, (SPLITS.index(split), UNDIVIDED))
        if characters is not None:
            chosen &= np.isin(self.character, [self.characters.index(name) for name in characters])
        return np.flatnonzero(chosen)

    @property
    def classes(self) -> np.ndarray:
        """int64 (N,), a number for each pair of character and emotion."""
        return self.character * len(self.emotions) + self.emotion

    def undivided(self, characters: tuple[str, ...] | None = None) -> int:
        """Return the number of classes, of all characters or of some, whose pictures are in all splits."""
        train = self.indices("train", characters)
        return len(np.unique(self.classes[train[self.split[train] == UNDIVIDED]]))

    def shortage(self) -> str | None:
        """Return what is missing if a split has too few pictures to train on, else None."""
        train, validation, test = (len(self.indices(split)) for split in SPLITS)
        if train >= 2 and validation and test:
            return None
        return (
            f"{self.spec} has {train} training, {validation} validation and {test} test pictures; at least "
            "2, 1 and 1 are needed: give more pictures, or larger data.validation_share and data.test_share"
        )


def drawn_characters(selection: str, characters: tuple[str, ...]) -> tuple[str, ...]:
    """Return the characters that a setting selects: `first`, `all`, or names with commas.

    They keep the order of the data set. Raises `TrainError` for an empty selection or an unknown name.
    """
    if selection.strip() == "first":
        return characters[:1]
    if selection.strip() == "all":
        return characters
    wanted = [composed(name.strip()) for name in selection.split(",") if name.strip()]
    known = f"known are {', '.join(characters)}, and `first` and `all`"
    if not wanted:
        raise TrainError(f"no characters chosen; {known}")
    unknown = [name for name in wanted if name not in characters]
    if unknown:
        raise TrainError(f"unknown character {unknown[0]!r}; {known}")
    return tuple(name for name in characters if name in wanted)
