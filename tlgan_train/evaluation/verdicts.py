"""What the judge says of pictures: features, emotion, character and known factors."""

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

KEPT_FACES = 1024
"""Pictures drawn before they are read: they are all that is kept of a walk."""


@dataclass(frozen=True)
class Verdicts:
    """What the judge says of N pictures."""

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


Look = Callable[[np.ndarray], Verdicts]
"""Latents (N, latent_dim) → what the judge says of the faces that they draw."""


def looking(model: FinishedModel, reader: Reader) -> Look:
    """The judge before the faces of a model."""

    def look(z: np.ndarray) -> Verdicts:
        return Verdicts.of(joined(read(reader, faces) for faces in faces_of(model, z)))

    return look


def faces_of(model: FinishedModel, z: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(z), KEPT_FACES):
        yield model.draw(z[start : start + KEPT_FACES])


def read(reader: Reader, faces: np.ndarray) -> tuple[np.ndarray, ...]:
    return predict(reader, faces, batch_size=READ_BATCH)


def joined(parts: Iterable[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Arrays of all parts, one after another."""
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))
