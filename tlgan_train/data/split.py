"""Splits a data set into pictures for training, for validation and for tests.

Frames of a rendered animation are near-copies of their neighbours, so a random split would put almost the same
picture on both sides. Each class (one emotion of one character) is cut into three contiguous blocks of its frames
instead: training first, then validation, then test. The pictures of a class that is too small for that are in all
three splits.
"""

from __future__ import annotations

import numpy as np

from tlgan_train.data.dataset import SPLITS, UNDIVIDED
from tlgan_train.errors import TrainError


def check_shares(validation_share: float, test_share: float) -> None:
    """Raise `TrainError` unless both shares are above 0 and leave pictures to train on."""
    if not (validation_share > 0 and test_share > 0 and validation_share + test_share < 1):
        raise TrainError(
            f"data.validation_share {validation_share:g} and data.test_share {test_share:g} leave an empty split; "
            "both must be above 0 and together below 1"
        )


def block_sizes(count: int, validation_share: float, test_share: float) -> tuple[int, int, int] | None:
    """Lengths of the training, validation and test block of a class of `count` pictures, each at least 1.

    None if the class is too small.
    """
    validation = max(1, round(count * validation_share))
    test = max(1, round(count * test_share))
    train = count - validation - test
    return (train, validation, test) if train >= 1 else None


def split_blocks(character: np.ndarray, emotion: np.ndarray, validation_share: float, test_share: float) -> np.ndarray:
    """uint8 (N,) indices into `SPLITS`, or `UNDIVIDED`, for int (N,) labels in frame order within each class."""
    split = np.zeros(len(emotion), np.uint8)
    classes = character * (emotion.max(initial=0) + 1) + emotion
    for number in np.unique(classes):
        members = np.flatnonzero(classes == number)
        blocks = block_sizes(len(members), validation_share, test_share)
        split[members] = np.repeat(np.arange(len(SPLITS)), blocks) if blocks else UNDIVIDED
    return split
