"""Lists of labelled picture files, and the `Source` that reads them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import PIL

from tlgan_runtime.pictures import decode
from tlgan_runtime.pictures.decode import Box, UnusablePictureError
from tlgan_runtime.transparency import Colour
from tlgan_train.data.dataset import SkippedFile
from tlgan_train.data.sources import fit as fitting
from tlgan_train.data.sources import picture, spelling
from tlgan_train.data.sources.archive import file_at
from tlgan_train.data.sources.background import background_of
from tlgan_train.data.sources.picture import read_picture
from tlgan_train.data.sources.source import Batch, Source
from tlgan_train.data.sources.spelling import one_spelling
from tlgan_train.data.sources.wording import printable
from tlgan_train.data.sources.workers import ordered_map
from tlgan_train.data.sprites import PackedSprite, packed

# Pictures a process reads at a time: 64 of 64 × 64 pixels are 0.8 MB, of 256 × 256 12.6 MB.
PICTURES_A_JOB = 64


class How(NamedTuple):
    """How pictures are read; see `read_picture`."""

    size: int
    full: int
    behind: Colour


class ListedPicture(NamedTuple):
    path: str
    """Relative to the listing's root, or absolute."""
    character: str
    emotion: str
    size: int
    """Bytes; -1 for a missing file."""
    modified: int
    """Time of the last change in ns, or CRC-32 in an archive; -1 for a missing file."""


@dataclass(frozen=True)
class Listing:
    """N pictures of one data set that are not read yet, in frame order within each class."""

    root: Path
    """The folder of relative paths, or a .zip."""
    pictures: tuple[ListedPicture, ...]
    factors: dict[str, np.ndarray] = field(default_factory=dict)
    """float32 (N,) for each name."""
    notes: tuple[str, ...] = ()

    def source(
        self, name: str, image_size: int, fit: str = "auto", sprite_size: int = 0, background: Colour | None = None
    ) -> Source:
        """The same as a `Source`: classes in alphabetical order, frames in their own; `fit` is that of `data.fit`.

        `background` None is a colour that the pictures hardly show.

        The key covers the root, each file's path, label, size and time of change, as `make` would, but not its
        content: reading that would take as long as decoding it. An archive lists a CRC-32 of each picture: its key
        covers these and neither its place nor its time. Pillow's version and the readers' code count too.
        """
        shown, character_notes = one_spelling("character", [item.character for item in self.pictures])
        felt, emotion_notes = one_spelling("emotion", [item.emotion for item in self.pictures])
        characters, emotions = tuple(sorted(set(shown))), tuple(sorted(set(felt)))
        columns = [[known.index(name) for name in names] for known, names in ((characters, shown), (emotions, felt))]
        labels = np.array(columns, np.int64).T
        factors = np.stack(list(self.factors.values()), 1) if self.factors else np.empty((len(labels), 0), np.float32)
        order = np.lexsort((labels[:, 1], labels[:, 0]))  # stable, so that frames keep their order
        digest = hashlib.sha256()
        for module in (decode, picture, fitting, spelling):
            digest.update(Path(module.__file__).read_bytes())
        place = "" if self.root.is_file() else str(self.root)
        background = background or background_of(self.root, [item.path for item in self.pictures])
        how = How(image_size, sprite_size, background)
        options = [PIL.__version__, *how, fit, place, list(self.factors)]
        digest.update(json.dumps([options, self.pictures]).encode())
        digest.update(factors.tobytes())
        return Source(
            name=name,
            key=digest.hexdigest(),
            total=len(self.pictures),
            image_size=image_size,
            sprite_size=sprite_size,
            background=background,
            characters=characters,
            emotions=emotions,
            classes=frozenset(map(tuple, labels.tolist())),
            factors=tuple(self.factors),
            batches=partial(self._batches, labels[order], factors[order], order, how, fit),
            notes=self.notes + character_notes + emotion_notes,
        )

    def _batches(
        self, labels: np.ndarray, factors: np.ndarray, order: np.ndarray, how: How, fit: str
    ) -> Generator[Batch]:
        paths = [self.pictures[index].path for index in order]
        frames, notes = fitting.frames(fit, self.root, paths, labels[:, 0].tolist())
        starts = range(0, len(paths), PICTURES_A_JOB)
        jobs = [
            (self.root, paths[start : start + PICTURES_A_JOB], frames[start : start + PICTURES_A_JOB], how)
            for start in starts
        ]
        for start, (images, sprites, kept, skipped) in zip(starts, ordered_map(_read, jobs, len(paths)), strict=True):
            rows = start + np.array(kept, np.int64)
            total = min(PICTURES_A_JOB, len(paths) - start)
            yield Batch(images, labels[rows, 0], labels[rows, 1], factors[rows], total, skipped, notes, sprites)
            notes = ()


def _read(
    job: tuple[Path, list[str], list[Box | None], How],
) -> tuple[np.ndarray, tuple[PackedSprite, ...], list[int], tuple[SkippedFile, ...]]:
    root, paths, frames, how = job
    images = np.empty((len(paths), how.size, how.size, 3), np.uint8)
    sprites: list[PackedSprite] = []
    kept: list[int] = []
    skipped = []
    for number, (path, frame) in enumerate(zip(paths, frames, strict=True)):
        try:
            with file_at(root, path) as file:
                images[len(kept)], sprite = read_picture(file, how.size, frame, how.full, how.behind)
            sprites += [packed(sprite)] if how.full else []
            kept.append(number)
        except UnusablePictureError as error:
            skipped.append(SkippedFile(printable(path), str(error)))
    return images[: len(kept)], tuple(sprites), kept, tuple(skipped)
