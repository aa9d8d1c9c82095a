"""Small pictures and data sets on disk for the tests of the data room."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from tlgan_train.data import Dataset, load_dataset
from tlgan_train.data.cache import Progress
from tlgan_train.sections import DataConfig

SIZE = 32
FERG = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")


def picture(shade: int, size: tuple[int, int] = (SIZE, SIZE)) -> Image.Image:
    """A picture in one colour, told apart by its red channel."""
    return Image.new("RGB", size, (shade % 256, 7, 200))


def write_layout(root: Path, characters: Iterable[str], emotions: Iterable[str], count: int) -> Path:
    """`count` numbered frames of each class in the FERG layout; frame n has red value n."""
    for character in characters:
        for emotion in emotions:
            stem = f"{character}_{emotion}"
            folder = root / character / stem
            folder.mkdir(parents=True)
            for number in range(1, count + 1):
                picture(number).save(folder / f"{stem}_{number}.png")
    return root


def write_table(file: Path, rows: Iterable[str], header: str = "path,character,emotion") -> Path:
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def load(spec: str, cache: Path, progress: Progress | None = None, **options: object) -> Dataset:
    """The data set at 32 × 32, with an entry in a cache of the test's own."""
    return load_dataset(DataConfig(spec=spec, **{"image_size": SIZE, **options}), cache=cache, progress=progress)


def reds(dataset: Dataset, character: str, emotion: str, split: str | None = None) -> list[int]:
    """Red values of one class in the data set's order: the numbers of its frames, as `write_layout` painted them."""
    chosen = (dataset.character == dataset.characters.index(character)) & (
        dataset.emotion == dataset.emotions.index(emotion)
    )
    if split is not None:
        chosen &= np.isin(np.arange(len(chosen)), dataset.indices(split))
    return [int(value) for value in dataset.images[chosen][:, 0, 0, 0]]
