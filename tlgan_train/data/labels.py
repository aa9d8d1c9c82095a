"""A CSV file with a label for each picture: `path,label`. The label says whether, or how much, an attribute shows.

The label's column is called `label` or has the name of the attribute. Other columns are ignored. The file is read like
the table of a data set (`table`). A picture with a blank cell is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlgan_runtime.bundle.axes_json import BINARY, NUMBER
from tlgan_runtime.pictures.decode import WHITE
from tlgan_runtime.transparency import Colour
from tlgan_train.data.cache import Progress, cached, default_cache
from tlgan_train.data.sources.listing import ListedPicture, Listing
from tlgan_train.data.sources.sheet import read_sheet
from tlgan_train.data.sources.table import Table, number, read_table
from tlgan_train.errors import TrainError

WORDS = {"0": 0.0, "no": 0.0, "false": 0.0, "1": 1.0, "yes": 1.0, "true": 1.0}
LABEL = "label"
EXAMPLE = "the first line must be path,label, or path and the name of the attribute"
FEWEST = 50
"""Smallest number of pictures with, and of pictures without, that can train two readers and test them."""
MOST = 10_000
"""Largest number of pictures to read. From a longer file, pictures are taken at even distances."""
ONE_CLASS = "any"


@dataclass(frozen=True)
class LabelledPictures:
    """N labelled pictures."""

    images: np.ndarray
    """uint8 (N, S, S, 3), mapped read-only, in the order of the file."""
    values: np.ndarray
    """float32 (N,): 0 or 1, or any numbers."""
    kind: str
    """`binary` or `number`."""
    notes: tuple[str, ...] = ()
    """Notes for people on how the file was read."""


def load_labels(
    file: Path,
    name: str,
    image_size: int,
    cache: Path | None = None,
    progress: Progress | None = None,
    fit: str = "auto",
    background: Colour = WHITE,
) -> LabelledPictures:
    """Read the pictures with labels in the column `name` or `label`, from the cache if they were read before.

    `fit` is that of `data.fit`. `background` shows where pictures are transparent.

    Raises `TrainError` for an unusable file, column, label or picture, with its line if it has one.
    """
    table, values, kind = _labelled(file, name)
    chosen = _spread(values, kind)
    table.check_files()
    listing = Listing(
        table.root,
        tuple(ListedPicture(path, ONE_CLASS, ONE_CLASS, *stamp) for path, *stamp in (table.files[i] for i in chosen)),
        # Rows instead of labels, so that pictures with several labels are kept once.
        {"row": chosen.astype(np.float32)},
    )
    source = listing.source(str(file), image_size, fit, background=background)
    stored = cached(source, cache or default_cache(), progress)
    values = values[stored.factors[:, 0].astype(int)]
    return LabelledPictures(stored.images, values, kind, table.notes + stored.notes)


def _labelled(file: Path, name: str) -> tuple[Table, np.ndarray, str]:
    sheet = read_sheet(file, ("path", name, LABEL), EXAMPLE)
    column = name if name in sheet.header else LABEL
    table = read_table(sheet, needed=("path", column), labels=(column,), blank=column)
    cells = [cell.lower() for cell in table.columns[column]]
    rows = list(zip(table.lines, cells, strict=True))
    if set(cells) <= set(WORDS):
        return table, np.array([WORDS[cell] for cell in cells], np.float32), BINARY
    values = np.array([_number(file, line, cell, sheet.separator) for line, cell in rows])
    # Programs write 1.0 for 1 in columns with blanks.
    return table, values, BINARY if set(values.tolist()) <= {0.0, 1.0} else NUMBER


def _number(file: Path, line: int, cell: str, separator: str) -> np.float32:
    try:
        value = np.float32(number(cell, separator))
    except ValueError:
        value = np.float32(np.nan)
    if not np.isfinite(value):
        raise TrainError(f"{file}, line {line}: {cell!r} is no label; write 0 or 1, no or yes, or a number")
    return value


def _spread(values: np.ndarray, kind: str) -> np.ndarray:
    """Choose at most `MOST` pictures, as many with as without if possible. Raises `TrainError` for too few."""
    sides = [np.flatnonzero(values == side) for side in (0, 1)] if kind == BINARY else [np.arange(len(values))]
    for side, found in enumerate(sides):
        what = f"labelled {('0 (no)', '1 (yes)')[side]}" if kind == BINARY else "with a number"
        least = FEWEST if kind == BINARY else 2 * FEWEST
        if len(found) < least:
            raise TrainError(f"{len(found)} pictures are {what}; {least} or more are needed: label more pictures")
    if kind == NUMBER and len(np.unique(values)) < 3:
        raise TrainError("the numbers are all the same or of two kinds; write 0 and 1 for two kinds")
    most = MOST // len(sides)
    kept = [found[np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)] for found in sides]
    return np.sort(np.concatenate(kept))
