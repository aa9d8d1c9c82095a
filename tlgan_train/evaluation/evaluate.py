"""How well generator and axes do, by a judge that took no part in fitting, on faces that nothing was fitted to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tlgan_runtime.latent.axes import Axes
from tlgan_runtime.latent.motions import StraightLines
from tlgan_train.classifiers.judge import factor_names, load_judge, reading_noise
from tlgan_train.classifiers.training import class_scores
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.config import EvaluateConfig
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.edits import (
    ENDS,
    evaluate_axes,
    evaluate_characters,
    evaluate_distance,
    random_lines,
)
from tlgan_train.evaluation.equal_success import at_equal_success
from tlgan_train.evaluation.generator import evaluate_generator
from tlgan_train.evaluation.model import FinishedModel
from tlgan_train.evaluation.verdicts import KEPT_FACES, Reader, Verdicts, faces_of, joined, looking, read
from tlgan_train.evaluation.weaknesses import noted, reading
from tlgan_train.models.inference import predict
from tlgan_train.run_folder import read_json


def evaluate(
    settings: EvaluateConfig,
    dataset: Dataset,
    model: FinishedModel,
    axes: Axes,
    judge_run: Path,
    log: Callable[[str], None] = print,
    compute: Compute = ON_CPU,
) -> dict[str, Any]:
    """Measure a generator, and every method of its axes beside random directions, by the judge of a run.

    Returns what `evaluation.json` holds. The model may be that of another run, or a bundle; `dataset` is what the judge
    was trained on, and what the generator is compared with; `check_same_labels` tells whether it can be.
    The judge reads where `compute` says.
    Raises `TrainError` when the run has no judge.
    """
    judge, judged = load_judge(judge_run, compute), read_json(judge_run / "judge" / "metrics.json", made_by="judge")
    reader = Reader(judge).eval()
    look = looking(model, reader)
    train = dataset.indices("train", model.drawn)
    real = Verdicts.of(predict(reader, dataset.images, train))
    z = model.latents(settings.samples, "evaluation samples")
    *seen, labels = joined((*read(reader, faces), model.classify(faces)[0]) for faces in faces_of(model, z))
    drawn = Verdicts.of(tuple(seen))
    figures = evaluate_generator(dataset, model.drawn, real, drawn, train)
    figures["classifier_agrees"] = float((labels.argmax(axis=1) == drawn.emotion.argmax(axis=1)).mean())
    log("generator: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items() if isinstance(value, float)))

    methods = {**axes.methods, "random": random_lines(axes.methods[axes.default], model.seed)}
    ends = model.latents(ENDS * settings.faces, "evaluation faces")
    faces = ends[: settings.faces]
    results, courses, factors = {}, {}, factor_names(judge_run)
    for name, method in methods.items():
        results[name], courses[name] = evaluate_axes(
            method, ends, len(faces), settings.steps, look, real, dataset.emotion[train], drawn, factors
        )
        means = ", ".join(f"{e} {f['mean_end']['value']:.2f}" for e, f in results[name]["emotions"].items())
        log(f"{name}: mean end probability {means}")
    if factors and "paper" in methods:
        for name in methods.keys() - {"paper"}:
            results[name]["equal_success"] = at_equal_success(courses[name], courses["paper"], factors)
    before = look(faces)
    distances = np.array([figures["distance"] for figures in results[axes.default]["emotions"].values()])
    for name, method in methods.items():
        if isinstance(method, StraightLines):
            results[name]["same_distance"] = evaluate_distance(method, faces, before, distances, look)
    character_edits = {}
    if axes.characters is not None:
        columns = [dataset.characters.index(name) for name in axes.characters.names]
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
    outputs = joined(model.classify(dataset.images[part]) for part in parts)
    return _reading(class_scores(outputs, (dataset.emotion[test], dataset.character[test])))


def _reading(scores: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {kind: reading(scores[f"{kind}_confusion"]) for kind in ("emotion", "character")}


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
