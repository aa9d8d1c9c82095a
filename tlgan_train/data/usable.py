"""How much of a data set may be unusable before it is better to stop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tlgan_train.data.dataset import SkippedFile
from tlgan_train.data.source import Source
from tlgan_train.errors import TrainError

MAX_SKIPPED_SHARE = 0.01


def refuse_many_skipped(source: Source, skipped: Sequence[SkippedFile]) -> None:
    """Raise `TrainError` as soon as more than 1 % of a source's files are known to be unusable."""
    if len(skipped) > MAX_SKIPPED_SHARE * source.total:
        examples = "; ".join(f"{item.path}: {item.reason}" for item in skipped[:3])
        raise TrainError(
            f"at least {len(skipped)} of {source.total} files in {source.name} cannot be used ({examples}); "
            f"mend or remove them, at most {MAX_SKIPPED_SHARE:.0%} may be bad"
        )


def check_usable(source: Source, character: np.ndarray, emotion: np.ndarray, skipped: Sequence[SkippedFile]) -> None:
    """Raise `TrainError` when a class has no picture left; labels int64 (N,) of the usable ones."""
    there = set(zip(character.tolist(), emotion.tolist(), strict=True))
    for number, other in sorted(source.classes - there):
        name = f"{source.characters[number]} / {source.emotions[other]}"
        example = f" ({skipped[0].path}: {skipped[0].reason})" if skipped else ""
        raise TrainError(f"no usable picture in class {name} of {source.name}{example}; every class needs some")
