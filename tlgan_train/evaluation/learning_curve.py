"""How good sample grids are, by the pictures that training had seen: the judge reads what training kept."""

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
"""Grids that are read, evenly spaced; a long run keeps hundreds."""
MOST_REAL = 2500
"""Training pictures that grids are compared with."""


@dataclass(frozen=True)
class Quality:
    """What the judge says of one set of pictures."""

    confident_share: float
    """Share of pictures with p ≥ 0.9 for one emotion."""
    coverage: float
    """Effective number of classes, exp(entropy) of the shares read, over the number of classes; 1 is all alike."""
    kid: float | None
    """Kernel inception distance to training pictures in the judge's features; None with fewer than two of them."""


@dataclass(frozen=True)
class LearningCurve:
    """Quality of sample grids, in the order of training."""

    images: list[int]
    """Pictures seen."""
    grids: list[Quality]
    real: Quality | None
    """The same of as many training pictures, against the rest of them: what to hope for. None for a single one."""


def learning_curve(
    grids: list[tuple[int, Path]], reader: nn.Module, pictures: np.ndarray, rows: np.ndarray, classes: int
) -> LearningCurve:
    """Compare grids of faces with training pictures.

    Args:
        grids: pictures seen and file, in order.
        reader: the judge, with its features.
        pictures: uint8 (N, S, S, 3), of which `rows` are the training pictures of the drawn characters.
        classes: pairs of a drawn character and an emotion.
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
