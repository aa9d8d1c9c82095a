"""Splits a data set into pictures for training, for validation and for tests.

Frames of a rendered animation are near-copies of their neighbours, so a random split would put almost the same
picture on both sides. Each class (one emotion of one character) is cut into three contiguous blocks of its frames
instead: training first, then validation, then test.
"""

from __future__ import annotations

import numpy as np

from tlgan_train.errors import TrainError


def check_shares(validation_share: float, test_share: float) -> None:
    """Raise `TrainError` unless both shares are above 0 and leave pictures to train on."""
    if not (validation_share > 0 and test_share > 0 and validation_share + test_share < 1):
        raise TrainError(
            f"data.validation_share {validation_share:g} and data.test_share {test_share:g} leave an empty split; "
            "both must be above 0 and together below 1"
        )


def block_sizes(count: int, validation_share: float, test_share: float) -> tuple[int, int, int]:
    """Lengths of the training, validation and test block of a class of `count` pictures, each at least 1.

    Raises `TrainError` if the class is too small.
    """
    validation = max(1, round(count * validation_share))
    test = max(1, round(count * test_share))
    train = count - validation - test
    if train < 1:
        raise TrainError(
            f"{count} pictures cannot be split into training, validation and test; each needs at least one"
        )
    return train, validation, test


def split_blocks(
    character: np.ndarray,
    emotion: np.ndarray,
    validation_share: float,
    test_share: float,
    characters: tuple[str, ...],
    emotions: tuple[str, ...],
) -> np.ndarray:
    """uint8 (N,) indices into `SPLITS` for int (N,) labels in frame order within each class.

    Raises `TrainError` that names the class when one is too small to have a picture in every split.
    """
    split = np.zeros(len(emotion), np.uint8)
    classes = character * len(emotions) + emotion
    for number in np.unique(classes):
        members = np.flatnonzero(classes == number)
        try:
            train, validation, _ = block_sizes(len(members), validation_share, test_share)
        except TrainError as error:
            name = f"{characters[number // len(emotions)]} / {emotions[number % len(emotions)]}"
            raise TrainError(f"class {name} is too small: {error}") from None
        split[members[train : train + validation]] = 1
        split[members[train + validation :]] = 2
    return split
