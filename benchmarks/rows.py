"""Measurements that are kept as rows of a JSON file, and shown as a Markdown table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; none when it is not there yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def put_row(path: Path, row: dict[str, Any], same: tuple[str, ...]) -> None:
    """Add a row to a file in place of the one with the same values of the keys `same`."""
    others = [other for other in read_rows(path) if any(other[key] != row[key] for key in same)]
    path.write_text(json.dumps([*others, row], indent=1) + "\n", encoding="utf-8")


def markdown(heads: Mapping[str, str], rows: Iterable[Mapping[str, Any]], forms: Mapping[str, str]) -> str:
    """A table of rows; `heads` names columns and their keys, `forms` those that are not written with two decimals."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        cells = ["–" if row[key] is None else forms.get(key, "{:.2f}").format(row[key]) for key in heads.values()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
