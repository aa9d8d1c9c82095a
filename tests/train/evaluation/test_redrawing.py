"""How well pictures are drawn again, against arithmetic that is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tlgan_train.data.dataset import SPLITS
from tlgan_train.evaluation.redrawing import SMALLEST_DEVIATION, evaluate_redrawing

LEVELS = {"train": (0,), "validation": (100, 120), "test": (10, 200)}


class Pictures:
    """Pictures of one level each, in three splits."""

    spec = "levels"

    def __init__(self) -> None:
        levels = [level for split in SPLITS for level in LEVELS[split]]
        self.split = [split for split in SPLITS for _ in LEVELS[split]]
        self.images = np.broadcast_to(np.array(levels, np.uint8)[:, None, None, None], (len(levels), 4, 4, 3))

    def indices(self, split: str, characters: Any) -> np.ndarray:
        assert characters == ("ada",)
        return np.flatnonzero(np.array(self.split) == split)


def model(**errors: int) -> SimpleNamespace:
    """Draws a level again that is too high by what `errors` says of the split that has it."""
    off = {level: errors[split] for split in errors for level in LEVELS[split]}
    return SimpleNamespace(
        drawn=("ada",),
        encode=lambda images: images[:, 0, 0, :1].astype(np.float32),
        draw=lambda z: np.stack([np.full((4, 4, 3), int(level) + off[int(level)], np.uint8) for level in z[:, 0]]),
    )


def test_errors_are_in_shares_of_the_range() -> None:
    measured = evaluate_redrawing(Pictures(), model(validation=51, test=5))
    assert measured.psnr == pytest.approx(20 * np.log10(255 / 5))
    assert measured.log_error == pytest.approx(2 * np.log(0.2))
    assert measured.log_error_deviation == SMALLEST_DEVIATION


def test_pictures_that_are_drawn_exactly_have_a_finite_error() -> None:
    assert np.isfinite(list(vars(evaluate_redrawing(Pictures(), model(validation=0, test=0))).values())).all()


def test_models_without_an_encoder_have_none() -> None:
    one = model(validation=0, test=0)
    one.encode = None
    assert evaluate_redrawing(Pictures(), one) is None
