"""A CSV file with one picture a line: `path,character,emotion`, and columns of known numbers if there are any.

Paths are relative to the file's own folder. Rows are in frame order within each class. Further columns whose cells are
all numbers become factors, blanks NaN; the others are left out with a note.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from tlgan_train.data.listing import ListedPicture, Listing
from tlgan_train.errors import TrainError

REQUIRED = ("path", "character", "emotion")
EXAMPLE = "the first line must be path,character,emotion"


def list_table(file: Path) -> Listing:
    """The pictures that a CSV file in UTF-8 names.

    Raises `TrainError`, with the line where there is one, for a missing file, header, column, cell or a repeated path.
    """
    table = rows(file, EXAMPLE)
    if not table:
        raise TrainError(f"{file} is empty; {EXAMPLE}")
    header = [name.strip() for name in table[0][1]]
    _check_header(file, header)
    extra = [name for name in header if name not in REQUIRED]
    columns: dict[str, list[str]] = {name: [] for name in header}
    for line, cells in table[1:]:
        if len(cells) != len(header):
            raise TrainError(f"{file}, line {line}: {len(cells)} cells, but the header has {len(header)} columns")
        for name, cell in zip(header, cells, strict=True):
            if name in REQUIRED and not cell.strip():
                raise TrainError(f"{file}, line {line}: no {name}; every picture needs {', '.join(REQUIRED)}")
            columns[name].append(cell.strip())
    if not columns["path"]:
        raise TrainError(f"{file} lists no pictures; one a line must follow the header")
    check_paths(file, columns["path"], [line for line, _ in table[1:]])
    factors = {name: values for name in extra if (values := _numbers(columns[name])) is not None}
    root = file.resolve().parent
    pictures = tuple(
        ListedPicture(path, character, emotion, *stamp(os.path.join(root, path)))  # noqa: PTH118 - for speed
        for path, character, emotion in zip(*(columns[name] for name in REQUIRED), strict=True)
    )
    notes = tuple(f"column {name!r} is not used: not all numbers" for name in extra if name not in factors)
    return Listing(root, pictures, factors, notes)


def rows(file: Path, example: str) -> list[tuple[int, list[str]]]:
    """Line number and cells of each row that is not blank; `example` says what the first line must be."""
    if not file.is_file():
        raise TrainError(f"no file {file}; it must be a CSV file, and {example}")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except UnicodeDecodeError:
        raise TrainError(f"{file} is not UTF-8 text; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise TrainError(f"{file} is not a CSV file: {error}; {example}") from None
    except OSError as error:
        raise TrainError(f"cannot read {file}: {error.strerror}") from None


def _check_header(file: Path, header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    if len(missing) == len(REQUIRED):
        raise TrainError(f"{file} has no header line; {EXAMPLE}")
    if missing:
        raise TrainError(f"{file} has no column {missing[0]!r}, only {', '.join(header)}; {EXAMPLE}")
    check_unique(file, header)


def check_unique(file: Path, header: list[str]) -> None:
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise TrainError(f"{file} has two columns {repeated[0]!r}; every column needs a name of its own")


def check_paths(file: Path, paths: list[str], lines: list[int]) -> None:
    """The same picture twice could be trained on and tested on."""
    first: dict[str, int] = {}
    for path, line in zip(paths, lines, strict=True):
        before = first.setdefault(os.path.normpath(path), line)
        if before != line:
            raise TrainError(f"{file}, line {line}: {path} is on line {before} already; list each picture once")


def _numbers(cells: list[str]) -> np.ndarray | None:
    """The column as float32, NaN for blanks; None when it is no column of finite numbers."""
    try:
        values = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return None
    too_large = np.abs(values) > np.finfo(np.float32).max
    return None if too_large.any() or not any(cells) else values.astype(np.float32)


def stamp(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - for speed
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return -1, -1
    return status.st_size, status.st_mtime_ns
