"""A summary of a data set for people."""

from __future__ import annotations

import numpy as np

from tlgan_train.data.dataset import SPLITS, Dataset

SHOWN_SKIPPED = 10


def describe(dataset: Dataset) -> str:
    """Return lines: pictures of each class (training + validation + test), skipped files, notes, digest, cache.

    One number stands for pictures that are in all three splits.
    """
    side = dataset.image_size
    lines = [f"{dataset.spec}: {len(dataset.images)} pictures of {side} × {side} pixels"]
    if dataset.sprites is not None:
        full = dataset.sprites.size
        lines.append(f"drawn with {full} × {full} pixels{', transparent' if dataset.sprites.channels == 4 else ''}")
    lines += _table(["", *dataset.emotions], [_row(dataset, number) for number in range(len(dataset.characters))])
    lines.append(", ".join(f"{name} {len(dataset.indices(name))}" for name in SPLITS))
    if dataset.factors:
        lines.append(f"factors: {', '.join(dataset.factors)}")
    lines += [f"note: {note}" for note in dataset.notes]
    if dataset.skipped:
        lines.append(f"skipped files: {len(dataset.skipped)}")
        lines += [f"  {item.path}: {item.reason}" for item in dataset.skipped[:SHOWN_SKIPPED]]
        if len(dataset.skipped) > SHOWN_SKIPPED:
            lines.append(f"  and {len(dataset.skipped) - SHOWN_SKIPPED} more")
    lines.append(f"digest: {dataset.digest}")
    if dataset.cache is not None:
        lines.append(f"cache: {dataset.cache}")
    return "\n".join(lines)


def _row(dataset: Dataset, character: int) -> list[str]:
    cells = [dataset.characters[character]]
    for emotion in range(len(dataset.emotions)):
        chosen = (dataset.character == character) & (dataset.emotion == emotion)
        *counts, undivided = np.bincount(dataset.split[chosen], minlength=len(SPLITS) + 1)
        cells.append(str(undivided) if undivided else " + ".join(map(str, counts)) if any(counts) else "none")
    return cells


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
