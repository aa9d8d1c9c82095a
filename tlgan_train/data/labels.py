"""A CSV file that says of each picture whether it shows something, or how much of it: `path,label`.

The column may be called `label` or as the attribute is; others, such as `character` and `emotion`, do not matter. Paths
are relative to the file's own folder. A blank cell leaves its picture out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlgan_runtime.attributes import BINARY, NUMBER
from tlgan_train.data.cache import Progress, cached, default_cache
from tlgan_train.data.listing import ListedPicture, Listing
from tlgan_train.data.table import check_paths, check_unique, rows, stamp
from tlgan_train.errors import TrainError

WORDS = {"0": 0.0, "no": 0.0, "false": 0.0, "1": 1.0, "yes": 1.0, "true": 1.0}
EXAMPLE = "the first line must be path,label"
FEWEST = 50
"""Pictures of each side, with and without: fewer cannot train two readers and test them."""
MOST = 10_000
"""Pictures that are read; of more, as many, evenly spread over the file."""
ONE_CLASS = "any"


@dataclass(frozen=True)
class LabelledPictures:
    """N pictures and what is said of them."""

    images: np.ndarray
    """uint8 (N, S, S, 3), mapped read-only, in the order of the file."""
    values: np.ndarray
    """float32 (N,): 0 or 1, or any numbers."""
    kind: str
    """`binary` or `number`."""


def load_labels(
    file: Path, name: str, image_size: int, cache: Path | None = None, progress: Progress | None = None
) -> LabelledPictures:
    """Read the pictures that are labelled in a column `name` or `label`, from the cache if they were read before.

    Raises `TrainError`, with the line where there is one, for a file, column, label or pictures that cannot be used.
    """
    paths, values, kind = _labelled(file, name)
    chosen = _spread(values, kind)
    root = file.resolve().parent
    listing = Listing(
        root,
        tuple(
            ListedPicture(paths[i], ONE_CLASS, ONE_CLASS, *stamp(os.path.join(root, paths[i])))  # noqa: PTH118
            for i in chosen
        ),
        # Rows instead of labels, so that pictures with several labels are kept once.
        {"row": chosen.astype(np.float32)},
    )
    stored = cached(listing.source(str(file), image_size), cache or default_cache(), progress)
    return LabelledPictures(stored.images, values[stored.factors[:, 0].astype(int)], kind)


def _labelled(file: Path, name: str) -> tuple[list[str], np.ndarray, str]:
    table = rows(file, EXAMPLE)
    if not table:
        raise TrainError(f"{file} is empty; {EXAMPLE}")
    header = [cell.strip() for cell in table[0][1]]
    column = next((header.index(known) for known in (name, "label") if known in header), None)
    if "path" not in header or column is None:
        wanted = "path" if "path" not in header else f"{name} or label"
        raise TrainError(f"{file} has no column {wanted}, only {', '.join(header)}; {EXAMPLE}")
    check_unique(file, header)
    paths, cells, lines = [], [], []
    for line, row in table[1:]:
        if len(row) != len(header):
            raise TrainError(f"{file}, line {line}: {len(row)} cells, but the header has {len(header)} columns")
        if row[column].strip():
            paths.append(row[header.index("path")].strip())
            cells.append(row[column].strip().lower())
            lines.append(line)
    check_paths(file, paths, lines)
    if set(cells) <= set(WORDS):
        return paths, np.array([WORDS[cell] for cell in cells], np.float32), BINARY
    return paths, np.array([_number(file, line, cell) for line, cell in zip(lines, cells, strict=True)]), NUMBER


def _number(file: Path, line: int, cell: str) -> np.float32:
    try:
        value = np.float32(cell)
    except ValueError:
        value = np.float32(np.nan)
    if not np.isfinite(value):
        raise TrainError(f"{file}, line {line}: {cell!r} is no label; write 0 or 1, no or yes, or a number")
    return value


def _spread(values: np.ndarray, kind: str) -> np.ndarray:
    """Positions of at most `MOST` pictures, as many with as without where there are enough; raises for too few."""
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
