"""Reads CSV files of spreadsheets and programs, with any usual encoding, separator and end of line."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tlgan_train.data.sources.spelling import name_key
from tlgan_train.data.sources.wording import in_one_line
from tlgan_train.errors import TrainError

SEPARATORS = (",", ";", "\t", "|")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of .xlsx, .ods and .xls files."""
GUESSED = "cp1252"
"""Encoding of plain CSV by Excel in Western Europe and America."""


@dataclass(frozen=True)
class Sheet:
    """The cells of a table, without blank rows; R rows of any lengths."""

    file: Path
    example: str
    """Example of a first line, for messages."""
    header: list[str]
    """Known names as they were requested, others without white space around them."""
    rows: list[tuple[int, list[str]]]
    """The number of the first line, from 1, and the cells as they were written."""
    separator: str
    guessed: bool
    """Whether the file is not UTF-8, so that letters beyond ASCII may be wrong."""


def read_sheet(file: Path, known: Collection[str], example: str) -> Sheet:
    """Read a table in which columns of some known names are expected.

    A first line `sep=;` names the separator; otherwise it is the one that gives the most known columns, in capitals or
    not. `example` says what the first line must be. Raises `TrainError` for any other file.
    """
    text, guessed = _text(file, example)
    text, skipped, separators = _announced(text)
    header, separator = _header(file, text, separators, known)
    if header is None:
        raise TrainError(f"{file} is empty; {example}")
    rows = _rows(file, text, separator, skipped)[1:]
    return Sheet(file, example, header, rows, separator, guessed)


def _text(file: Path, example: str) -> tuple[str, bool]:
    if os.path.isdir(file):  # noqa: PTH112 - Path's raises for names that are too long
        raise TrainError(f"{file} is a folder, not a CSV file")
    if not os.path.isfile(file):  # noqa: PTH113
        raise TrainError(f"no file {file}; it must be a CSV file, and {example}")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TrainError(f"cannot read {file}: {error.strerror}") from None
    if data.startswith(WORKBOOKS):
        raise TrainError(f"{file} is a workbook or archive, not a CSV file; save it as `CSV UTF-8`")
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), None)
    if encoding is None:
        encoding = {b"\0": "utf-16-be"}.get(data[:1], "utf-16-le" if data[1:2] == b"\0" else "utf-8")
    for tried in (encoding, GUESSED):
        try:
            text = data.decode(tried).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text, tried != encoding
    raise TrainError(f"{file} is not UTF-8 text; save it as `CSV UTF-8`")


def _announced(text: str) -> tuple[str, int, tuple[str, ...]]:
    """Return the text after a line `sep=;`, the number of lines before it, and the possible separators."""
    first, end, rest = text.partition("\n")
    line = first.strip("\r ").strip('"')
    if end and len(line) == 5 and line[:4].lower() == "sep=":
        return rest, 1, (line[4],)
    return text, 0, SEPARATORS


def _header(file: Path, text: str, separators: tuple[str, ...], known: Collection[str]) -> tuple[list[str] | None, str]:
    """Return the header with the most known names, or else columns, and its separator; None for an empty file."""
    names = {name_key(name): name for name in known}
    best: tuple[tuple[int, int], list[str] | None, str] = ((-1, -1), None, separators[0])
    problem = None
    for separator in separators:
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
            cells = next((row for row in reader if any(cell.strip() for cell in row)), None)
        except csv.Error as error:
            problem = error
            continue
        if cells is None:
            return None, separator
        header = [names.get(name_key(cell), cell) for cell in map(in_one_line, cells)]
        score = (len(set(header) & set(known)), len(header))
        if score > best[0]:
            best = (score, header, separator)
    if best[1] is None:
        raise TrainError(f"{file} is not a CSV file: {problem}")
    return best[1:]


def _rows(file: Path, text: str, separator: str, skipped: int) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, start = [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((start + skipped, row))
            start = reader.line_num + 1
    except csv.Error as error:
        hint = "; a quotation mark is not closed" if "unexpected end" in str(error) or "limit" in str(error) else ""
        raise TrainError(f"{file} is not a CSV file from line {start + skipped} on: {error}{hint}") from None
    return rows
