"""Measures the generator: how samples compare with training pictures, and what they show."""

from __future__ import annotations

import numpy as np

from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.data.dataset import Dataset
from tlgan_train.evaluation.metrics import copying, fid, kid, nearest, precision_recall, quartiles
from tlgan_train.evaluation.parts import GeneratorQuality, Quartiles
from tlgan_train.evaluation.verdicts import Verdicts

NEAREST_SAMPLES = 16
"""Number of samples whose nearest training picture is found, to show that they are no copies."""
MANIFOLD_SAMPLES = 2500
"""Most pictures of each side in precision and recall, whose cost grows with the square."""


def evaluate_generator(
    dataset: Dataset, real: Verdicts, drawn: Verdicts, train: np.ndarray, labels: np.ndarray, held_out: np.ndarray
) -> GeneratorQuality:
    """Compare samples with training pictures.

    Args:
        dataset: what the generator was trained on.
        real: verdicts on the training pictures of the drawn characters, whose indices are `train`.
        drawn: verdicts on N samples.
        train: int (M,).
        labels: the emotion that the classifier reads in each sample, int (N,).
        held_out: the judge's features of pictures of the drawn characters that training did not see, (H, D).
    """
    rng = np.random.default_rng(0)
    halves = np.array_split(rng.permutation(len(train)), 2)
    real_subset = real.features[rng.permutation(len(train))[:MANIFOLD_SAMPLES]]
    precision, recall = precision_recall(real_subset, drawn.features[:MANIFOLD_SAMPLES])
    index, distance = nearest(drawn.features[:NEAREST_SAMPLES], real.features)
    typical = nearest(real.features[halves[0]], real.features[halves[1]])[1] if len(halves[1]) else np.empty(0)
    emotions = drawn.emotion.argmax(axis=1)
    return GeneratorQuality(
        fid=fid(real.features, drawn.features),
        kid=kid(real.features, drawn.features),
        kid_between_real=kid(real.features[halves[0]], real.features[halves[1]]),
        precision=precision,
        recall=recall,
        confident_share=float((drawn.emotion.max(axis=1) >= SUCCESS).mean()),
        emotion_share=_shares(emotions, dataset.emotions),
        emotion_share_of_data=_shares(dataset.emotion[train], dataset.emotions),
        character_share=_shares(drawn.character.argmax(axis=1), dataset.characters),
        character_share_of_data=_shares(dataset.character[train], dataset.characters),
        nearest_training_pictures=train[index].tolist(),
        nearest_distances=distance.tolist(),
        nearest_distance_between_real=Quartiles(*quartiles(typical)),
        classifier_agrees=float((labels == emotions).mean()),
        copying=copying(real.features, held_out, drawn.features[:MANIFOLD_SAMPLES]),
    )


def _shares(labels: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    return dict(zip(names, (np.bincount(labels, minlength=len(names)) / len(labels)).tolist(), strict=True))
