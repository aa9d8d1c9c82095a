"""Measures how well a model draws pictures again that it was not trained on: G(E(x)) against x."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tlgan_runtime.pictures.inversion import squared
from tlgan_train.data.dataset import Dataset
from tlgan_train.evaluation.model import FinishedModel
from tlgan_train.evaluation.parts import Redrawing
from tlgan_train.evaluation.verdicts import FACES_AT_ONCE

SMALLEST_ERROR = 1e-9
"""Errors are raised to this before their logarithm is taken."""
SMALLEST_DEVIATION = 0.05
"""Of logarithms of errors. A few pictures that are alike must not make all others look foreign."""


def evaluate_redrawing(dataset: Dataset, model: FinishedModel) -> Redrawing | None:
    """Measure how well the pictures of the drawn characters are drawn again; None for a model without an encoder."""
    encode = model.encode
    if encode is None:
        return None

    def errors(split: str) -> np.ndarray:
        return _errors(dataset.images, dataset.indices(split, model.drawn), lambda seen: model.draw(encode(seen)))

    test, validation = errors("test"), np.log(errors("validation"))
    return Redrawing(
        psnr=float(-10 * np.log10(test).mean()),
        log_error=float(validation.mean()),
        log_error_deviation=max(float(validation.std()), SMALLEST_DEVIATION),
    )


def _errors(images: np.ndarray, indices: np.ndarray, redraw: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the mean squared error of each picture, (N,), where levels are from 0 to 1."""
    parts = [images[indices[start : start + FACES_AT_ONCE]] for start in range(0, len(indices), FACES_AT_ONCE)]
    return np.maximum(np.concatenate([squared(part, redraw(part)) for part in parts]), SMALLEST_ERROR)
