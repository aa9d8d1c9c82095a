"""A CSV file with one picture in each line: `path,character,emotion`, and optional columns of numbers.

Paths are relative to the file's own folder. Rows are in frame order within each class. Without a column `character`
all pictures show one character, named after the file. Further columns of numbers become factors, with NaN for blanks.
Other columns are left out with a note.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlgan_train.data.sources.listing import ListedPicture, Listing
from tlgan_train.data.sources.sheet import Sheet, read_sheet
from tlgan_train.data.sources.source import MAX_SKIPPED_SHARE
from tlgan_train.data.sources.spelling import name_key
from tlgan_train.data.sources.table_paths import Places, at_home, why_missing
from tlgan_train.data.sources.wording import counted, in_one_line, shortened
from tlgan_train.errors import TrainError

LABELS = ("character", "emotion")
EXAMPLE = "the first line must be path,character,emotion"
UNNAMED = re.compile(r"(unnamed: \d+(_level_\d+)?)?", re.IGNORECASE)
"""Names of columns without a name: row numbers of pandas, empty columns of Excel."""


@dataclass(frozen=True)
class Table:
    """R pictures of a CSV file, each once."""

    sheet: Sheet
    root: Path
    """The folder of relative paths."""
    files: list[tuple[str, int, int]]
    """Path, bytes, and time of change in ns of each picture; -1 for missing files."""
    lines: list[int]
    columns: dict[str, list[str]]
    """Cells by the name of their column, all but paths in one line."""
    notes: tuple[str, ...]

    def check_files(self) -> None:
        """Raise `TrainError` with the likely reason if so many files are missing that the paths must be wrong."""
        paths, sheet = self.columns["path"], self.sheet
        missing = [i for i, (_, size, _) in enumerate(self.files) if size < 0]
        garbled = [i for i in missing if sheet.guessed and not paths[i].isascii()]
        if garbled or len(missing) > MAX_SKIPPED_SHARE * len(paths):
            first = (garbled or missing)[0]
            why = "the table is not UTF-8 text; save it as `CSV UTF-8`" if garbled else ""
            raise TrainError(
                f"{sheet.file}, line {self.lines[first]}: no picture {shortened(paths[first])}: "
                f"{why or why_missing(paths[first], self.root)} ({len(missing)} of {len(paths)} are missing)"
            )


def list_table(file: Path) -> Listing:
    """Read the pictures that a CSV file names.

    Raises `TrainError` for a missing file, header, column, cell or picture, and for a picture with two labels. It names
    the line.
    """
    sheet = read_sheet(file, ("path", *LABELS), EXAMPLE)
    table = read_table(sheet, needed=("path", "emotion"), labels=LABELS)
    table.check_files()
    columns, notes = table.columns, list(table.notes)
    if "character" not in columns:
        notes.append(f"no column character: all pictures are of one, called {file.stem} as the file is")
    elif not all(columns["character"]):
        line = table.lines[columns["character"].index("")]
        raise TrainError(f"{file}, line {line}: no character; fill the column in every line, or leave it out")
    characters = columns.get("character", [file.stem] * len(table.files))
    extra = [name for name in columns if name not in ("path", *LABELS)]
    factors = {name: values for name in extra if (values := _numbers(columns[name], sheet.separator)) is not None}
    notes += [f"column {shortened(name)!r} is not used: not all numbers" for name in extra if name not in factors]
    pictures = tuple(
        ListedPicture(path, character, emotion, size, modified)
        for (path, size, modified), character, emotion in zip(table.files, characters, columns["emotion"], strict=True)
    )
    return Listing(table.root, pictures, factors, tuple(notes))


def read_table(sheet: Sheet, needed: Sequence[str], labels: Sequence[str], blank: str | None = None) -> Table:
    """Read the pictures of a sheet with the columns `path` and `needed`, in which no cell may be blank.

    Rows with a blank cell in the column `blank` are left out. A picture that is listed twice with equal `labels` is
    taken once. Raises `TrainError` for missing columns and cells, and for a picture with two labels. It names the line.
    """
    _check_header(sheet, needed)
    names = [name for name in sheet.header if not UNNAMED.fullmatch(name)]
    rows = [(line, cells) for line, row in sheet.rows if (cells := _cells(sheet, line, row, needed, blank))]
    if not rows:
        raise TrainError(f"{sheet.file} lists no pictures; one a line must follow the header")
    root = sheet.file.resolve().parent
    places = Places(root)
    found = [places.find(cells["path"]) for _, cells in rows]
    kept, notes = _once(sheet, rows, [os.path.normpath(root / path) for path, _, _ in found], labels)
    if sheet.guessed:
        notes.append("the table is not UTF-8 and was read as Windows-1252; if names look wrong, save it as `CSV UTF-8`")
    other = sum(path != at_home(cells["path"]) for (path, _, _), (_, cells) in zip(found, rows, strict=True))
    if other:
        notes.append(f"{counted(other, 'file')} found by other capitals or slashes than the table writes")
    return Table(
        sheet,
        root,
        [found[i] for i in kept],
        [rows[i][0] for i in kept],
        {name: [rows[i][1][name] for i in kept] for name in names},
        tuple(notes),
    )


def number(cell: str, separator: str) -> float:
    """Return the number in a cell, NaN for a blank. A comma is a decimal point unless commas separate the cells.

    Raises `ValueError` for other text.
    """
    if separator != "," and re.fullmatch(r"[-+]?\d+,\d+", cell):
        cell = cell.replace(",", ".")
    return float(cell) if cell else np.nan


def _check_header(sheet: Sheet, needed: Sequence[str]) -> None:
    file, header = sheet.file, sheet.header
    found = shortened(", ".join(name or "(no name)" for name in header))
    missing = [name for name in needed if name not in header]
    if len(missing) == len(needed):
        raise TrainError(f"{file} has no header line; {sheet.example}, not {found}")
    if missing:
        raise TrainError(f"{file} has no column {missing[0]!r}, only {found}; {sheet.example}")
    repeated = [name for name in header if header.count(name) > 1 and not UNNAMED.fullmatch(name)]
    if repeated:
        raise TrainError(f"{file} has two columns {shortened(repeated[0])!r}; every column needs a name of its own")


def _cells(sheet: Sheet, line: int, row: list[str], needed: Sequence[str], blank: str | None) -> dict[str, str] | None:
    """Return the cells of a row by column, None for a row to leave out."""
    header = sheet.header
    cells = [cell.strip() for cell in row]
    if any(cells[len(header) :]):
        raise TrainError(
            f"{sheet.file}, line {line}: {len(row)} cells, but the header has {len(header)} columns; put cells that "
            f"hold {sheet.separator!r} in quotation marks"
        )
    # Spreadsheets leave out blank cells at the end of a line.
    named = dict(zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=False))
    named = {name: cell if name == "path" else in_one_line(cell) for name, cell in named.items()}
    if blank is not None and not named[blank]:
        return None
    for name in needed:
        if not named[name]:
            short = f" ({len(row)} cells, but the header has {len(header)} columns)" if len(row) < len(header) else ""
            raise TrainError(f"{sheet.file}, line {line}: no {name}{short}; every line needs {' and '.join(needed)}")
    return named


def _once(
    sheet: Sheet, rows: list[tuple[int, dict[str, str]]], files: list[str], labels: Sequence[str]
) -> tuple[list[int], list[str]]:
    """Return the positions of the rows to keep, and notes. A repeated picture could be in training and in the test."""
    first: dict[str, int] = {}
    kept, repeated = [], []
    for i, file in enumerate(files):
        before = first.setdefault(file, i)
        if before == i:
            kept.append(i)
            continue
        (line, cells), (line_before, cells_before) = rows[i], rows[before]
        for name in labels:
            if name_key(cells.get(name, "")) != name_key(cells_before.get(name, "")):
                raise TrainError(
                    f"{sheet.file}, line {line}: {shortened(cells['path'])} is on line {line_before} already, "
                    f"with {name} {shortened(cells_before[name])}, not {shortened(cells[name])}; keep one of the two"
                )
        repeated.append(line)
    if not repeated:
        return kept, []
    return kept, [
        f"left out {counted(len(repeated), 'line')} with a picture that came before, first line {repeated[0]}"
    ]


def _numbers(cells: list[str], separator: str) -> np.ndarray | None:
    """Return the column as float32 with NaN for blanks, or None if it holds anything but finite numbers."""
    try:
        values = np.array([number(cell, separator) for cell in cells])
    except ValueError:
        return None
    too_large = np.abs(values) > np.finfo(np.float32).max
    return None if too_large.any() or not any(cells) else values.astype(np.float32)
