"""Train readers of an attribute. One of these small networks serves to fit the axis, the other one to judge it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit
from scipy.stats import norm, rankdata
from sklearn.metrics import balanced_accuracy_score
from torch import Tensor, nn
from torch.nn import functional

from tlgan_runtime.bundle.axes_json import BINARY
from tlgan_train.classifiers.augment import augment
from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.classifiers.r2 import r2
from tlgan_train.classifiers.training import Descent, one_cycle
from tlgan_train.compute.compute import Compute
from tlgan_train.compute.seeds import seeded
from tlgan_train.data.labels import LabelledPictures
from tlgan_train.errors import TrainError
from tlgan_train.models.inference import predict, to_tensor
from tlgan_train.models.judge import FEATURES, Judge

STEPS, BATCH, LR = 300, 64, 2e-3
"""Training by AdamW, with the peak step size of the judge. It takes half a minute on one core."""
SHARES = (0.4, 0.4, 0.2)
"""Shares of the labelled pictures for the reader, for the judge, and for their test."""
LEAST = {True: 0.6, False: 0.1}
"""Limit that the lower end of the 95 % interval of a reader's score must exceed. For binary labels (True) the score is
balanced accuracy, where chance is 0.5. For numbers it is R², where chance is 0."""
RESAMPLES = 500


class AttributeReader(nn.Module):
    """The trunk of the judge with one score: the log-odds of an attribute, or the standard score of a number."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Judge(1, 1)
        self.score = nn.Linear(FEATURES, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (N, 128) and scores (N, 1) of pictures float32 (N, 3, S, S) in [-1, 1]."""
        features = self.trunk.features(x)
        return features, self.score(features)


@dataclass(frozen=True)
class Score:
    """The quality of a reader on pictures that no reader was trained on."""

    value: float
    """Balanced accuracy, or R² of standard scores."""
    low: float
    high: float
    """Ends of the 95 % bootstrap interval."""
    ceiling: tuple[float | None, float | None]
    """Shares of the pictures without and of those with the attribute that are read with p ≥ 0.9. For numbers, these are
    the pictures in the lowest and the highest tenth of a normal distribution. None if there are no such pictures."""
    pictures: int
    """Number of test pictures."""


def standard_scores(values: np.ndarray) -> np.ndarray:
    """Map numbers (N,) to a standard normal distribution by their ranks, float32. Only their order matters."""
    scores: np.ndarray = norm.ppf((rankdata(values) - 0.5) / len(values)).astype(np.float32)
    return scores


def probability(scores: np.ndarray, kind: str) -> np.ndarray:
    """Return the probability of the attribute. For numbers, return the share of labelled pictures with less of it."""
    return expit(scores.astype(np.float64)) if kind == BINARY else norm.cdf(scores)


def deal(targets: np.ndarray, kind: str, seed: int) -> tuple[np.ndarray, ...]:
    """Return the indices of pictures for the reader, for the judge and for their test, in the shares of `SHARES`.

    Neighbours in the file may be nearly equal, like frames of an animation. Therefore rows are dealt in runs, whose
    length is the square root of the number of rows. Both sides (with, without) are dealt separately.
    """
    rng = np.random.default_rng([seed, 5])
    splits: list[list[np.ndarray]] = [[], [], []]
    sides = [np.flatnonzero(targets == side) for side in (0, 1)] if kind == BINARY else [np.arange(len(targets))]
    for rows in sides:
        runs = np.array_split(rows, round(len(rows) ** 0.5))
        ends = np.round(np.cumsum(SHARES) * len(runs)).astype(int)
        order = rng.permutation(len(runs))
        for split, start, end in zip(splits, [0, *ends], ends, strict=False):
            split += [runs[index] for index in order[start:end]]
    return tuple(np.sort(np.concatenate(split)) for split in splits)


def train_reader(
    pictures: LabelledPictures, targets: np.ndarray, chosen: np.ndarray, seed: int, compute: Compute
) -> AttributeReader:
    """Train a reader on the pictures at `chosen`, both sides equally often, and return it in eval mode.

    Raises `TrainError` if the loss is no longer finite.
    """
    reader = compute.place(seeded(AttributeReader, seed)).to(memory_format=torch.channels_last)
    binary = pictures.kind == BINARY
    sides = [chosen[targets[chosen] == side] for side in (0, 1)] if binary else [chosen]
    descent = Descent(reader, LR, one_cycle(STEPS))
    rng, changes = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    reader.train()
    for _ in range(STEPS):
        batch = np.concatenate([rng.choice(side, BATCH // len(sides)) for side in sides])
        _, scores = reader(augment(to_tensor(pictures.images[batch], compute.device), changes))
        labels = compute.put(targets[batch])[:, None]
        loss = (functional.binary_cross_entropy_with_logits if binary else functional.mse_loss)(scores, labels)
        descent.step(loss)
    if not torch.isfinite(loss):
        raise TrainError("training on the labels failed: the loss is not finite; check the pictures")
    return reader.eval()


def grade_reader(reader: AttributeReader, pictures: LabelledPictures, targets: np.ndarray, test: np.ndarray) -> Score:
    """Measure how well a reader reads the pictures at `test`."""
    scores, truth = predict(reader, pictures.images, test)[1][:, 0], targets[test]
    binary = pictures.kind == BINARY
    measure: Callable[[np.ndarray, np.ndarray], float] = (
        (lambda t, s: balanced_accuracy_score(t > 0.5, s > 0))
        if binary
        else (lambda t, s: r2(t[:, None], s[:, None])[0])
    )
    rng = np.random.default_rng(0)
    sides = [np.flatnonzero(truth == side) for side in (0, 1)] if binary else [np.arange(len(truth))]
    picks = [np.concatenate([rng.choice(side, len(side)) for side in sides]) for _ in range(RESAMPLES)]
    low, high = np.quantile([measure(truth[pick], scores[pick]) for pick in picks], [0.025, 0.975])
    likely = probability(scores, pictures.kind)
    edges = (0.5, 0.5) if binary else (norm.ppf(1 - SUCCESS), norm.ppf(SUCCESS))
    sure = (1 - likely)[truth <= edges[0]] >= SUCCESS, likely[truth >= edges[1]] >= SUCCESS
    without, having = (float(side.mean()) if len(side) else None for side in sure)
    return Score(float(measure(truth, scores)), float(low), float(high), (without, having), len(test))


def check_readable(name: str, score: Score, kind: str) -> None:
    """Raise `TrainError` unless a reader clearly recognises the labels in the pictures."""
    binary = kind == BINARY
    if score.low <= LEAST[binary]:
        what, chance = ("balanced accuracy", 0.5) if binary else ("R²", 0)
        raise TrainError(
            f"{name} cannot be learned from the labelled pictures: {what} {score.value:.2f} [{score.low:.2f}, "
            f"{score.high:.2f}] on {score.pictures} test pictures, where chance is {chance} and the interval must lie "
            f"above {LEAST[binary]}; check the labels or give more pictures"
        )
