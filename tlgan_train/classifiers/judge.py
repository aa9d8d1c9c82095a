"""The judge of edits: another network, other seeds, and how far its verdicts can be trusted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tlgan_train.classifiers.augment import augment
from tlgan_train.classifiers.r2 import r2
from tlgan_train.classifiers.training import Training, class_scores, fit, parameter_count
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.compute.seeds import seeded, stream_seed
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.models.inference import predict
from tlgan_train.models.judge import Judge
from tlgan_train.run_folder import load_tensors, save_tensors, write_json

STREAM = "judge"
SUCCESS = 0.9
"""Probability of the target emotion from which an edit counts as a success."""


@dataclass(frozen=True)
class JudgeResult:
    """A trained judge and what was measured of it."""

    model: Judge
    """In eval mode, with the weights that did best in validation."""
    metrics: dict[str, Any]
    """What `judge/metrics.json` holds; `metrics["ceiling"]` is per emotion."""


def train_judge(
    config: Config,
    dataset: Dataset,
    run: Path,
    log: Callable[[str], None] = print,
    compute: Compute | None = None,
) -> JudgeResult:
    """Train on the training split of all characters, and grade the best weights of validation on the test split.

    Writes `judge/weights.safetensors` and, last, `judge/metrics.json` in `run`. Besides accuracies and confusion
    matrices it reports for each emotion the ceiling, the share of real test pictures of it with p ≥ 0.9 (null where
    there are none), and for each known factor R² on the test split. Factors that are not finite, or constant in the
    training split, are left out. The same seed, data, machine and number of threads give the same weights. `compute`
    None is what this machine offers.

    Raises:
        TrainError: too few pictures, or a loss that is no longer finite.
    """
    start = time.monotonic()
    settings, seed = config.judge, stream_seed(config.seed, STREAM)
    names, factors = _standardised(dataset)
    shape = {"emotions": len(dataset.emotions), "characters": len(dataset.characters), "factors": len(names)}
    model = seeded(lambda: Judge(**shape), seed)

    compute = compute or Compute.here(config.gan.precision)
    # Pose may be among the factors, and a moved picture would be labelled with the pose before.
    training = Training(
        settings.batch_size, settings.steps, settings.lr, seed, augment=True, compute=compute, move=not names
    )
    checks = fit(model, dataset, (dataset.emotion, dataset.character, factors), training, log)

    test = dataset.indices("test")
    truth = (dataset.emotion[test], dataset.character[test])
    changes = torch.Generator().manual_seed(stream_seed(config.seed, f"{STREAM} test"))
    outputs = predict(model, dataset.images, test)
    changed = predict(model, dataset.images, test, change=lambda x: augment(x, changes))
    metrics = {
        "emotions": dataset.emotions,
        "characters": dataset.characters,
        "parameters": parameter_count(model),
        "data_digest": dataset.digest,
        "checks": checks,
        "test": class_scores(outputs[:2], truth),
        "test_augmented": class_scores(changed[:2], truth),
        "ceiling": dict(zip(dataset.emotions, _ceiling(outputs[0], truth[0]), strict=True)),
        "factor_r2": dict(zip(names, r2(factors[test], outputs[2]), strict=True)),
        "seconds": round(time.monotonic() - start, 1),
    }
    save_tensors(_weights_path(run), model.state_dict(), {"shape": shape, "factors": names})
    write_json(run / "judge" / "metrics.json", metrics)
    log(
        f"judge: test emotion {metrics['test']['emotion_accuracy']:.2%}, "
        f"character {metrics['test']['character_accuracy']:.2%} of {len(test)} pictures, {metrics['seconds']:.0f} s"
    )
    return JudgeResult(model, metrics)


def load_judge(run: Path, compute: Compute = ON_CPU) -> Judge:
    """The trained judge of a run, in eval mode."""
    tensors, facts = load_tensors(_weights_path(run), "judge")
    model = Judge(**facts["shape"])
    model.load_state_dict(tensors)
    return compute.place(model).eval()


def reading_noise(model: Judge, dataset: Dataset, indices: np.ndarray) -> dict[str, float]:
    """By how much the readings of two pictures differ, in standard deviations, that have a known factor in common.

    The mean absolute difference of two reading errors, over the pictures at `indices` paired at random: so much leakage
    may be none, as far as the two readings of a moved face err independently. Empty for fewer than two pictures.
    """
    if len(indices) < 2:
        return {}
    names, factors = _standardised(dataset)
    errors = predict(model, dataset.images, indices)[2] - factors[indices]
    shuffled = errors[np.random.default_rng(0).permutation(len(errors))]
    apart = np.abs(shuffled - np.roll(shuffled, 1, axis=0)).mean(axis=0)
    return dict(zip(names, apart.tolist(), strict=True))


def factor_names(run: Path) -> list[str]:
    """Names of the judge's factors, in the order of its third output."""
    return load_tensors(_weights_path(run), "judge")[1]["factors"]


def _weights_path(run: Path) -> Path:
    return run / "judge" / "weights.safetensors"


def _standardised(dataset: Dataset) -> tuple[list[str], np.ndarray]:
    """Names of the factors that can be learned, and float32 (N, F) in standard deviations over the training split."""
    train = dataset.indices("train")
    usable = {n: v for n, v in dataset.factors.items() if np.isfinite(v).all() and len(train) and v[train].std() > 0}
    values = [(v - v[train].mean()) / v[train].std() for v in usable.values()]
    empty = np.empty((len(dataset.emotion), 0), dtype=np.float32)
    return list(usable), np.stack(values, axis=1).astype(np.float32) if values else empty


def _ceiling(logits: np.ndarray, emotion: np.ndarray) -> list[float | None]:
    sure = torch.softmax(torch.from_numpy(logits), dim=1).numpy() >= SUCCESS
    return [
        float(sure[emotion == index, index].mean()) if (emotion == index).any() else None
        for index in range(logits.shape[1])
    ]
