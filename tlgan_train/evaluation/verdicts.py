"""The judge's verdicts on pictures: features, emotion, character and known factors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from torch import nn

from tlgan_train.axes.samples import READ_BATCH
from tlgan_train.evaluation.model import FinishedModel
from tlgan_train.models.inference import predict
from tlgan_train.models.judge import Judge

FACES_AT_ONCE = 1024
"""Pictures in memory at a time; of all others only the verdicts are kept."""


@dataclass(frozen=True)
class Verdicts:
    """The judge's verdicts on N pictures."""

    features: np.ndarray
    """float32 (N, D)."""
    emotion: np.ndarray
    """float32 (N, E), probabilities."""
    character: np.ndarray
    """float32 (N, C), probabilities."""
    factors: np.ndarray
    """float32 (N, F), known factors in standard deviations of the training pictures."""

    @classmethod
    def of(cls, outputs: tuple[np.ndarray, ...]) -> Verdicts:
        """From the outputs of a `Reader`: features, logits of emotions and characters, factors."""
        features, emotion, character, factors = outputs
        return cls(features, softmax(emotion, axis=1), softmax(character, axis=1), factors)


class Reader(nn.Module):
    """The judge's features and readings of pictures in one pass."""

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, x):  # type: ignore[no-untyped-def]
        features = self.judge.features(x)
        return (features, *self.judge.read(features))


JudgeLatents = Callable[[np.ndarray], Verdicts]
"""Latents (N, latent_dim) → verdicts on the faces that the model draws from them."""


def latent_judge(model: FinishedModel, reader: Reader) -> JudgeLatents:
    """A function that draws faces by a model and judges them."""

    def judge_latents(z: np.ndarray) -> Verdicts:
        return Verdicts.of(joined(read(reader, faces) for faces in faces_of(model, z)))

    return judge_latents


def faces_of(model: FinishedModel, z: np.ndarray) -> Iterator[np.ndarray]:
    """The faces of latents (N, latent_dim) in parts of at most `FACES_AT_ONCE`, uint8 (n, S, S, 3)."""
    for start in range(0, len(z), FACES_AT_ONCE):
        yield model.draw(z[start : start + FACES_AT_ONCE])


def read(reader: Reader, faces: np.ndarray) -> tuple[np.ndarray, ...]:
    """The outputs of the reader for pictures uint8 (N, S, S, 3), as `Verdicts.of` takes them."""
    return predict(reader, faces, batch_size=READ_BATCH)


def joined(parts: Iterable[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """The arrays of several parts, each joined along its first axis."""
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))
