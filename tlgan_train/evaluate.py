"""How well generator and axes do, by a judge that took no part in fitting, on faces that nothing was fitted to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax
from torch import nn

from tlgan_runtime.latent.axes import Axes, AxisSet
from tlgan_runtime.latent.ends import GRADIENT
from tlgan_runtime.latent.motion import Way, move
from tlgan_runtime.latent.strengths import walk_strengths
from tlgan_train.axes.regression import unit_rows
from tlgan_train.axes.samples import READ_BATCH
from tlgan_train.classifiers.judge import SUCCESS, factor_names, load_judge, reading_noise
from tlgan_train.classifiers.training import class_scores
from tlgan_train.config import EvaluateConfig
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.finished import FinishedModel
from tlgan_train.metrics import ALREADY, edit_figures, estimate, fid, kid, nearest, precision_recall, quantiles
from tlgan_train.models.inference import predict
from tlgan_train.models.judge import Judge
from tlgan_train.run_folder import read_json
from tlgan_train.weaknesses import noted, reading

NEAREST_SAMPLES = 16
"""Samples whose nearest training picture is looked up, to show that they are no copies."""
MANIFOLD_SAMPLES = 2500
"""Pictures of each side in precision and recall, whose cost grows with the square."""

GUIDED_FACES = 128
"""Faces of the method `guided`, each of whose ends takes as long as a hundred faces to draw and read."""
ENDS = 2
"""Faces whose ends are compared with pictures, for each that walks: the KID of so few as walk is a rough figure."""
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


@dataclass(frozen=True)
class Course:
    """What walks along one axis go through, at each of their steps."""

    success: np.ndarray | None
    """(steps,), the share of faces with p ≥ 0.9 of those that start below 0.5; None when there are none."""
    change: np.ndarray
    """(steps, F), mean absolute change of each known factor since the start."""


Look = Callable[[np.ndarray], Verdicts]
"""Latents (N, latent_dim) → what the judge says of the faces that they draw."""


def evaluate(
    settings: EvaluateConfig,
    dataset: Dataset,
    model: FinishedModel,
    axes: Axes,
    judge_run: Path,
    log: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Measure a generator, and every method of its axes beside random directions, by the judge of a run.

    Returns what `evaluation.json` holds. The model may be that of another run, or a bundle; `dataset` is what the judge
    was trained on, and what the generator is compared with; `check_same_labels` tells whether it can be.
    Raises `TrainError` when the run has no judge.
    """
    judge, judged = load_judge(judge_run), read_json(judge_run / "judge" / "metrics.json", made_by="judge")
    reader = Reader(judge).eval()
    look = looking(model, reader)
    train = dataset.indices("train", model.drawn)
    real = Verdicts.of(predict(reader, dataset.images, train))
    z = model.latents(settings.samples, "evaluation samples")
    *seen, labels = _joined((*_read(reader, faces), model.classify(faces)[0]) for faces in _faces(model, z))
    drawn = Verdicts.of(tuple(seen))
    figures = evaluate_generator(dataset, model.drawn, real, drawn, train)
    figures["classifier_agrees"] = float((labels.argmax(axis=1) == drawn.emotion.argmax(axis=1)).mean())
    log("generator: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items() if isinstance(value, float)))

    methods = {**axes.methods, "random": random_axes(axes.methods[axes.default], model.seed)}
    ends = model.latents(ENDS * settings.faces, "evaluation faces")
    faces = ends[: settings.faces]
    results, courses, factors = {}, {}, factor_names(judge_run)
    for name, method in methods.items():
        some, walks = (faces[:GUIDED_FACES], GUIDED_FACES) if method.ends == GRADIENT else (ends, len(faces))
        results[name], courses[name] = evaluate_axes(
            method, some, walks, settings.steps, look, real, dataset.emotion[train], drawn, factors
        )
        means = ", ".join(f"{e} {f['mean_end']['value']:.2f}" for e, f in results[name]["emotions"].items())
        log(f"{name}: mean end probability {means}")
    if factors and "paper" in methods:
        for name in methods.keys() - {"paper"}:
            results[name]["equal_success"] = at_equal_success(courses[name], courses["paper"], factors)
    before = look(faces)
    distances = np.array([figures["distance"] for figures in results[axes.default]["emotions"].values()])
    for name, method in methods.items():
        if method.centres is None:
            results[name]["same_distance"] = evaluate_distance(method, faces, before, distances, look)
    character_edits = {}
    if axes.characters is not None:
        columns = [dataset.characters.index(name) for name in axes.characters.emotions]
        character_edits = evaluate_characters(axes.characters, columns, faces, before, look)
    evaluation = {
        "emotions": dataset.emotions,
        "characters": dataset.characters,
        "drawn_characters": model.drawn,
        "readers": {"classifier": _classifier_reading(dataset, model), "judge": _reading(judged["test"])},
        "faces": len(faces),
        "steps": settings.steps,
        "default": axes.default,
        "judge": {
            "emotion_accuracy": judged["test"]["emotion_accuracy"],
            "character_accuracy": judged["test"]["character_accuracy"],
            "ceiling": judged["ceiling"],
            "factor_r2": judged["factor_r2"],
            "factor_noise": reading_noise(judge, dataset, dataset.indices("test", model.drawn)),
        },
        "generator": figures,
        "methods": results,
        "character_edits": character_edits,
    }
    return noted(evaluation)


def _classifier_reading(dataset: Dataset, model: FinishedModel) -> dict[str, dict[str, float]]:
    test = dataset.indices("test")
    parts = [test[start : start + KEPT_FACES] for start in range(0, len(test), KEPT_FACES)]
    outputs = _joined(model.classify(dataset.images[part]) for part in parts)
    return _reading(class_scores(outputs, (dataset.emotion[test], dataset.character[test])))


def _reading(scores: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {kind: reading(scores[f"{kind}_confusion"]) for kind in ("emotion", "character")}


def looking(model: FinishedModel, reader: Reader) -> Look:
    """The judge before the faces of a model."""

    def look(z: np.ndarray) -> Verdicts:
        return Verdicts.of(_joined(_read(reader, faces) for faces in _faces(model, z)))

    return look


def _faces(model: FinishedModel, z: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(z), KEPT_FACES):
        yield model.draw(z[start : start + KEPT_FACES])


def _read(reader: Reader, faces: np.ndarray) -> tuple[np.ndarray, ...]:
    return predict(reader, faces, batch_size=READ_BATCH)


def _joined(parts: Iterable[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Arrays of all parts, one after another."""
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def check_same_labels(model: FinishedModel, dataset: Dataset) -> None:
    """Raise `TrainError` when a model reads other emotions or characters than the pictures show."""
    for kind, known, shown in (
        ("emotions", model.emotions, dataset.emotions),
        ("characters", model.characters, dataset.characters),
    ):
        if known != shown:
            raise TrainError(
                f"the model reads the {kind} {', '.join(known)}, but {dataset.spec} shows {', '.join(shown)}; give "
                "the pictures that it was trained on, with --data"
            )


def evaluate_generator(
    dataset: Dataset, characters: tuple[str, ...], real: Verdicts, drawn: Verdicts, train: np.ndarray
) -> dict[str, Any]:
    """Distances in judge features between training pictures and samples, and shares of what is drawn.

    `kid_between_real` is the KID between two halves of the training pictures: the floor that noise sets.
    """
    rng = np.random.default_rng(0)
    halves = np.array_split(rng.permutation(len(train)), 2)
    some_real = real.features[rng.permutation(len(train))[:MANIFOLD_SAMPLES]]
    precision, recall = precision_recall(some_real, drawn.features[:MANIFOLD_SAMPLES])
    index, distance = nearest(drawn.features[:NEAREST_SAMPLES], real.features)
    typical = nearest(real.features[halves[0]], real.features[halves[1]])[1] if len(halves[1]) else np.empty(0)
    return {
        "fid": fid(real.features, drawn.features),
        "kid": kid(real.features, drawn.features),
        "kid_between_real": kid(real.features[halves[0]], real.features[halves[1]]),
        "precision": precision,
        "recall": recall,
        "confident_share": float((drawn.emotion.max(axis=1) >= SUCCESS).mean()),
        "emotion_share": _shares(drawn.emotion.argmax(axis=1), dataset.emotions),
        "emotion_share_of_data": _shares(dataset.emotion[train], dataset.emotions),
        "character_share": _shares(drawn.character.argmax(axis=1), dataset.characters),
        "character_share_of_data": _shares(dataset.character[train], dataset.characters),
        "nearest_training_pictures": train[index],
        "nearest_distances": distance,
        "nearest_distance_between_real": quantiles(typical),
    }


def evaluate_axes(
    axes: AxisSet,
    ends: np.ndarray,
    walks: int,
    steps: int,
    look: Look,
    real: Verdicts,
    real_emotion: np.ndarray,
    drawn: Verdicts,
    factors: list[str],
) -> tuple[dict[str, Any], dict[str, Course]]:
    """Walk latents along every axis from strength 0 to 1, and judge each of the `steps` frames.

    These are the first `walks` of `ends` (N, latent_dim); of the others the last frame alone is compared with pictures.
    Returns what `evaluation.json` holds of a method, and the course of the walks to each emotion.
    """
    emotions, z, others = axes.emotions, ends[:walks], ends[walks:]
    result: dict[str, Any] = {"emotions": {}, "leakage": {}, "factor_leakage": {}}
    courses = {}
    for e, emotion in enumerate(emotions):
        unit = np.eye(len(emotions))[e]
        way = Way(z, axes, unit > 0)
        frames = np.stack([way.at(strength * unit) for strength in walk_strengths(steps)], axis=1)
        seen = look(frames.reshape(-1, z.shape[1]))
        probability = seen.emotion.reshape(len(z), steps, -1)
        features = seen.features.reshape(len(z), steps, -1)
        character = seen.character.argmax(axis=1).reshape(len(z), steps)
        figures: dict[str, Any] = edit_figures(probability[:, :, e], character, features)
        last = features[:, -1]
        if len(others):
            last = np.concatenate([last, look(move(others, axes, unit)).features])
        figures |= _realism(last, features[:, steps // 2], real.features, real_emotion == e, drawn, e)
        moved = probability[:, 0, e] < ALREADY
        apart = np.linalg.norm(frames[:, -1] - frames[:, 0], axis=1)
        figures["distance"] = float((apart[moved] if moved.any() else apart).mean())
        figures["end_norm"] = float(np.linalg.norm(frames[:, -1], axis=1).mean() / np.linalg.norm(z, axis=1).mean())
        figures["curves"] = probability.mean(axis=0).T
        figures["curve_quantiles"] = quantiles(probability[:, :, e])
        result["emotions"][emotion] = figures
        result["leakage"][emotion] = (probability[:, -1] - probability[:, 0]).mean(axis=0)
        readings = seen.factors.reshape(len(z), steps, -1)
        change = np.abs(readings - readings[:, :1]).mean(axis=0)
        result["factor_leakage"][emotion] = dict(zip(factors, change[-1].tolist(), strict=True))
        success = (probability[moved, :, e] >= SUCCESS).mean(axis=0) if moved.any() else None
        courses[emotion] = Course(success, change)
    return result, courses


def at_equal_success(own: dict[str, Course], other: dict[str, Course], factors: list[str]) -> dict[str, dict[str, Any]]:
    """What else two methods change where they succeed equally often, for each emotion with which either does at all.

    A method that arrives changes more than one that stops half way; so each is stopped at its first step at which as
    many faces have arrived as ever do with the worse of the two.
    """
    result = {}
    for emotion, course in own.items():
        both = (course, other[emotion])
        if any(walk.success is None for walk in both):
            continue
        reached = min(walk.success[-1] for walk in both)
        if reached > 0:
            stops = [int((walk.success >= reached).argmax()) for walk in both]
            changes = [walk.change[stop].tolist() for walk, stop in zip(both, stops, strict=True)]
            result[emotion] = {
                "success": float(reached),
                "strengths": [stop / (len(walk.success) - 1) for walk, stop in zip(both, stops, strict=True)],
                "factors": {factor: list(pair) for factor, *pair in zip(factors, *changes, strict=True)},
            }
    return result


def changes_at_equal_success(
    evaluation: dict[str, Any], method: str
) -> list[tuple[str, float, float, float, float | None]]:
    """For each known factor its name, the judge's noise, how much `method` and `paper` change it where they succeed
    equally often (means over emotions), and the share of the first in the second, both without the noise.
    """
    found = [of["factors"] for of in evaluation["methods"][method].get("equal_success", {}).values()]
    rows = []
    for factor, noise in evaluation["judge"]["factor_noise"].items() if found else ():
        own, other = (float(np.mean([factors[factor][side] for factors in found])) for side in (0, 1))
        clean = [without_noise(change, noise) for change in (own, other)]
        rows.append((factor, noise, own, other, clean[0] / clean[1] if clean[1] > 0 else None))
    return rows


def without_noise(change: float, noise: float) -> float:
    """A mean absolute change less the judge's noise, which adds to it in squares: two readings of one face differ by it
    alone."""
    return max(change**2 - noise**2, 0) ** 0.5


def evaluate_distance(
    axes: AxisSet, z: np.ndarray, before: Verdicts, distances: np.ndarray, look: Look
) -> dict[str, dict[str, Any]]:
    """Move every latent (N, latent_dim) along each straight axis as far as `distances` (E,) say, and judge the ends.

    What a method does over the distance of another, in place of the one that it was calibrated to.
    """
    result = {}
    for e, emotion in enumerate(axes.emotions):
        strength = distances[e] / axes.max_strength[e]
        after = look(move(z, axes, strength * np.eye(len(axes.emotions))[e])).emotion[:, e]
        others = before.emotion[:, e] < ALREADY
        result[emotion] = {
            "distance": float(distances[e]),
            "success": asdict(estimate(after[others] >= SUCCESS)),
            "mean_end": asdict(estimate(after)),
        }
    return result


def evaluate_characters(
    axes: AxisSet, columns: list[int], z: np.ndarray, before: Verdicts, look: Look
) -> dict[str, Any]:
    """Turn every latent (N, latent_dim), whose faces the judge read as `before`, into each drawn character, whose
    columns it reads: what it sees then."""
    result = {}
    for unit, column, name in zip(np.eye(len(columns)), columns, axes.emotions, strict=True):
        after = look(move(z, axes, unit))
        others = before.character[:, column] < ALREADY
        result[name] = {
            "success": asdict(estimate(after.character[others, column] >= SUCCESS)),
            "emotion_kept": asdict(estimate(after.emotion.argmax(axis=1) == before.emotion.argmax(axis=1))),
            "already_there": float(1 - others.mean()),
            "distance": float(axes.max_strength[axes.emotions.index(name)]),
        }
    return result


def random_axes(like: AxisSet, seed: int) -> AxisSet:
    """Random unit directions that go as far as `like`: the floor of every comparison."""
    directions = unit_rows(np.random.default_rng([seed, 3]).standard_normal(like.directions.shape))
    return AxisSet(
        "random", like.emotions, directions, np.zeros(len(directions)), like.max_strength, like.keep_norm, {},
        directions @ directions.T,
    )  # fmt: skip


def _realism(
    ends: np.ndarray, middle: np.ndarray, real: np.ndarray, of_emotion: np.ndarray, drawn: Verdicts, emotion: int
) -> dict[str, float | None]:
    """KID of end frames and of as many unmoved samples against real pictures of the emotion, of middle frames against
    all; features of N frames (N, D)."""
    unmoved = drawn.features[drawn.emotion.argmax(axis=1) == emotion][: len(ends)]
    return {
        "kid_end": kid(real[of_emotion], ends),
        "kid_unmoved": kid(real[of_emotion], unmoved),
        "kid_middle": kid(real, middle),
    }


def _shares(labels: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    return dict(zip(names, (np.bincount(labels, minlength=len(names)) / len(labels)).tolist(), strict=True))
