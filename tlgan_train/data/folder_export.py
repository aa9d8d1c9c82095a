"""Writes a data set as files in the layout of FERG-DB, for other programs."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from tlgan_runtime.files import creating
from tlgan_train.data.cache import Progress
from tlgan_train.data.dataset import Dataset
from tlgan_train.data.sources.tree import is_litter
from tlgan_train.errors import TrainError

TABLE = "pictures.csv"


def export_folder(dataset: Dataset, root: Path, progress: Progress | None = None) -> None:
    """Write `ROOT/<character>/<character>_<emotion>/<character>_<emotion>_<n>.png` and `ROOT/pictures.csv`.

    Frames are numbered from 1 in each class, training first, then validation, then test, so that `folder:ROOT` (or
    `ferg:ROOT`) with the same shares gives the same splits; `csv:ROOT/pictures.csv` gives the factors as well.
    ROOT appears when it is complete. Raises `TrainError` if it is not empty or cannot be written.
    """
    root = root.absolute()
    for name in (*dataset.characters, *dataset.emotions):
        if is_litter(name) or any(mark in name for mark in "/\\\0"):
            raise TrainError(f"{name!r} cannot be part of a folder's name; rename it in {dataset.spec}")
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with creating(root) as temporary:
            _write(dataset, temporary, progress)
    except OSError as error:
        raise TrainError(f"cannot export to {root}: {error.strerror or error}") from None


def _write(dataset: Dataset, root: Path, progress: Progress | None) -> None:
    done = 0
    with (root / TABLE).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["path", "character", "emotion", *dataset.factors])
        for character, character_name in enumerate(dataset.characters):
            for emotion, emotion_name in enumerate(dataset.emotions):
                members = np.flatnonzero((dataset.character == character) & (dataset.emotion == emotion))
                members = members[np.argsort(dataset.split[members], kind="stable")]
                stem = f"{character_name}_{emotion_name}"
                folder = root / character_name / stem
                if len(members):
                    folder.mkdir(parents=True)
                for number, index in enumerate(members, start=1):
                    Image.fromarray(_largest(dataset, index)).save(folder / f"{stem}_{number}.png")
                    path = f"{character_name}/{stem}/{stem}_{number}.png"
                    values = [_cell(column[index]) for column in dataset.factors.values()]
                    table.writerow([path, character_name, emotion_name, *values])
                done += len(members)
                if progress is not None and len(members):
                    progress(done, len(dataset.images))


def _largest(dataset: Dataset, index: int) -> np.ndarray:
    """Return a picture as the networks see it, or its sprite if that is larger."""
    sprites = dataset.sprites
    if sprites is None or sprites.size == dataset.image_size:
        return dataset.images[index]
    return dataset.sprites_of(np.array([index]))[0, :, :, : sprites.channels]


def _cell(value: np.float32) -> str:
    # The shortest text that reads back as the same float32; blank for unknown.
    return "" if np.isnan(value) else str(value)
