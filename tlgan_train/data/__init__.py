"""Data sets of pictures: the built-in characters, FERG-DB, folders, archives, CSV files."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from tlgan_runtime.transparency import Colour
from tlgan_train.data.cache import Progress, Stored, cached, default_cache
from tlgan_train.data.dataset import SPLITS, UNDIVIDED, Dataset, SkippedFile, drawn_characters
from tlgan_train.data.folder_export import export_folder
from tlgan_train.data.sources.folder import list_folder
from tlgan_train.data.sources.source import Source
from tlgan_train.data.sources.table import list_table
from tlgan_train.data.split import check_shares, split_blocks
from tlgan_train.data.summary import describe
from tlgan_train.errors import TrainError
from tlgan_train.sections import IMAGE_SIZES, DataConfig

__all__ = [
    "SPLITS",
    "Dataset",
    "SkippedFile",
    "describe",
    "drawn_characters",
    "export_folder",
    "load_dataset",
]


def load_dataset(
    config: DataConfig,
    seed: int = 0,
    cache: Path | None = None,
    progress: Progress | None = None,
    background: Colour | None = None,
) -> Dataset:
    """Load the pictures of `config.spec`, from the cache if they were read before.

    `seed` affects only the faces of the built-in characters. `cache` is the folder of all entries, by default
    `$CHEERMEUP_CACHE` or the user's cache folder. `progress` is called with the number of finished pictures and of all
    pictures while they are read or drawn. It is not called if the cache has them. `background` shows where pictures of
    one's own are transparent; None is a colour that they hardly show.

    Raises `TrainError` for a spec, folder, table or files that cannot be used.
    """
    if config.image_size not in IMAGE_SIZES:
        raise TrainError(f"data.image_size must be one of {', '.join(map(str, IMAGE_SIZES))}, not {config.image_size}")
    check_shares(config.validation_share, config.test_share)
    source = _source(config, seed, background)
    stored = cached(source, cache or default_cache(), progress)
    split = split_blocks(stored.character, stored.emotion, config.validation_share, config.test_share)
    dataset = Dataset(
        images=stored.images,
        emotion=stored.emotion,
        character=stored.character,
        split=split,
        emotions=source.emotions,
        characters=source.characters,
        digest=_digest(source, stored, split),
        spec=config.spec,
        factors={name: stored.factors[:, column] for column, name in enumerate(source.factors)},
        skipped=stored.skipped,
        notes=source.notes + stored.notes,
        cache=stored.folder,
        sprites=stored.sprites,
        background=source.background,
    )
    if undivided := dataset.undivided():
        return replace(dataset, notes=(*dataset.notes, _too_few(dataset, undivided)))
    return dataset


def _too_few(dataset: Dataset, undivided: int) -> str:
    first = int(np.argmax(dataset.split == UNDIVIDED))
    name = f"{dataset.characters[dataset.character[first]]} / {dataset.emotions[dataset.emotion[first]]}"
    others = "and " + ("one more class have" if undivided == 2 else f"{undivided - 1} more classes have")
    return (
        f"{name} {others if undivided > 1 else 'has'} too few pictures to keep some back for validation and test. "
        "Figures of these show how well the pictures themselves are learned, not how well others would be read or drawn"
    )


def _source(config: DataConfig, seed: int, background: Colour | None) -> Source:
    kind, _, place = config.spec.partition(":")
    if config.spec == "toon":
        # Imported late: pictures of one's own need no drawing library.
        from tlgan_train.data.sources.builtin import builtin_source

        return builtin_source(config, seed)
    try:
        path = Path(place).expanduser()
    except RuntimeError:
        raise TrainError(f"the home folder in {config.spec!r} is not known; write the path without ~") from None
    if kind in ("ferg", "folder") and place:
        listing = list_folder(path, ferg=kind == "ferg")
    elif kind == "csv" and place:
        listing = list_table(path)
    else:
        raise TrainError(f"unknown data {config.spec!r}; use toon, ferg:ROOT, folder:ROOT or csv:FILE{_hint(config)}")
    return listing.source(str(path), config.model_size, config.fit, config.image_size, background)


def _hint(config: DataConfig) -> str:
    """Return what the user may have meant by an unknown spec."""
    if not os.path.exists(config.spec):  # noqa: PTH110 - Path's raises for names that are too long
        return ""
    likely = "csv" if config.spec.lower().endswith(".csv") else "folder"
    return f"; did you mean {likely}:{config.spec}?"


def _digest(source: Source, stored: Stored, split: np.ndarray) -> str:
    facts: list[object] = [stored.pixels, source.characters, source.emotions]
    if stored.sprites is not None:
        facts += [stored.sprites.size, stored.sprites.channels]
    digest = hashlib.sha256(json.dumps(facts).encode())
    for labels in (stored.character, stored.emotion, split):
        digest.update(np.ascontiguousarray(labels))
    return digest.hexdigest()
