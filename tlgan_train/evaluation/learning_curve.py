"""Measures the sample grids that training kept, to show how pictures improve the longer it trains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.evaluation.metrics import kid
from tlgan_train.evaluation.verdicts import Verdicts
from tlgan_train.gan.weights import GRID
from tlgan_train.models.inference import predict

MOST_GRIDS = 40
"""Most grids that are read, evenly spaced; a long run keeps hundreds."""
MOST_REAL = 2500
"""Most training pictures that grids are compared with."""


@dataclass(frozen=True)
class Quality:
    """Quality of one set of pictures, by the judge."""

    confident_share: float
    """Share of pictures with p ≥ 0.9 for one emotion."""
    coverage: float
    """Effective number of classes, exp(entropy) of their shares, over the number of classes; 1 if all are equal."""
    kid: float | None
    """KID to training pictures in the features of the judge; None for fewer than two training pictures."""


@dataclass(frozen=True)
class LearningCurve:
    """Quality of sample grids, in the order of training."""

    images: list[int]
    """Number of pictures seen until each grid."""
    grids: list[Quality]
    real: Quality | None
    """Quality of as many training pictures, compared with the others: the best to hope for. None for one picture."""


def learning_curve(
    grids: list[tuple[int, Path]], reader: nn.Module, pictures: np.ndarray, rows: np.ndarray, classes: int
) -> LearningCurve:
    """Compare grids of faces with training pictures.

    Args:
        grids: number of pictures seen and file of each grid, in order.
        reader: a `Reader` of the judge.
        pictures: uint8 (N, S, S, 3).
        rows: indices of the training pictures of the drawn characters.
        classes: number of pairs of a drawn character and an emotion.
    """
    subset = np.random.default_rng(0).permutation(rows)[:MOST_REAL]
    real = Verdicts.of(predict(reader, pictures, np.sort(subset)))
    chosen = [grids[i] for i in np.unique(np.linspace(0, len(grids) - 1, MOST_GRIDS).round().astype(int))]
    drawn = []
    for _, path in chosen:
        grid = read_grid(path)
        faces = grid.reshape(-1, *grid.shape[2:])
        drawn.append(Verdicts.of(predict(reader, faces, np.arange(len(faces)))))
    order, count = np.random.default_rng(1).permutation(len(subset)), min(len(drawn[0].emotion), len(subset) // 2)
    held_out, rest = order[:count], order[count:]
    return LearningCurve(
        [images for images, _ in chosen],
        [_quality(verdicts, real.features, classes) for verdicts in drawn],
        _quality(Verdicts(*(values[held_out] for values in vars(real).values())), real.features[rest], classes)
        if count
        else None,
    )


def read_grid(path: Path) -> np.ndarray:
    """uint8 (rows, columns, S, S, 3): the faces of a sample grid that training wrote."""
    with Image.open(path) as image:
        picture = np.asarray(image.convert("RGB"))
    size = picture.shape[0] // GRID[0]
    return picture.reshape(GRID[0], size, GRID[1], size, 3).swapaxes(1, 2)


def _quality(verdicts: Verdicts, real: np.ndarray, classes: int) -> Quality:
    pairs = verdicts.emotion.argmax(axis=1) * verdicts.character.shape[1] + verdicts.character.argmax(axis=1)
    shares = np.unique(pairs, return_counts=True)[1] / len(pairs)
    return Quality(
        float((verdicts.emotion.max(axis=1) >= SUCCESS).mean()),
        float(np.exp(-(shares * np.log(shares)).sum()) / classes),
        kid(real, verdicts.features),
    )
