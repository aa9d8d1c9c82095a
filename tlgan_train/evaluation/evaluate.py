"""Evaluates generator and axes by a judge that took no part in fitting, on faces that nothing was fitted to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tlgan_runtime.latent.axes import Axes
from tlgan_runtime.latent.motions import StraightLines
from tlgan_train.classifiers.judge import factor_names, load_judge, reading_noise
from tlgan_train.classifiers.training import class_scores
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.document import Evaluation
from tlgan_train.evaluation.edits import (
    ENDS_PER_WALK,
    evaluate_axes,
    evaluate_characters,
    evaluate_distance,
    evaluate_morphing,
    random_lines,
)
from tlgan_train.evaluation.equal_success import at_equal_success
from tlgan_train.evaluation.generator import evaluate_generator
from tlgan_train.evaluation.model import FinishedModel
from tlgan_train.evaluation.parts import JudgeReliability, ReaderAccuracy
from tlgan_train.evaluation.redrawing import evaluate_redrawing
from tlgan_train.evaluation.verdicts import FACES_AT_ONCE, Reader, Verdicts, faces_of, joined, latent_judge, read
from tlgan_train.evaluation.weaknesses import reader_accuracy, with_weaknesses
from tlgan_train.models.inference import predict
from tlgan_train.run_folder import read_json
from tlgan_train.sections import EvaluateConfig

ONE_IN = 4
"""Of the methods that are not the default, one face in so many is measured: walks are most of the time, and the default
is what a bundle moves by."""
MORPHED = 64
"""Faces for each emotion whose frames half-way are compared with a cross-fade."""


def evaluate(
    settings: EvaluateConfig,
    dataset: Dataset,
    model: FinishedModel,
    axes: Axes,
    judge_run: Path,
    log: Callable[[str], None] = print,
    compute: Compute = ON_CPU,
) -> Evaluation:
    """Measure a generator, every method of its axes, and random directions, by the judge of a run.

    Args:
        settings: how many faces, steps and samples.
        dataset: the pictures that the judge was trained on; the generator is compared with them, so its model must pass
            `check_same_labels`.
        model: the model to measure; it may come from another run or from a bundle.
        axes: the axes of the model.
        judge_run: run folder that holds the judge.
        log: gets a line for the generator and for each method.
        compute: where the judge runs.

    Raises:
        TrainError: the run has no judge.
    """
    judge, judged = load_judge(judge_run, compute), read_json(judge_run / "judge" / "metrics.json", made_by="judge")
    reader = Reader(judge).eval()
    judge_latents = latent_judge(model, reader)
    train = dataset.indices("train", model.drawn)
    real = Verdicts.of(predict(reader, dataset.images, train))
    held_out = np.setdiff1d(dataset.indices("test", model.drawn), train)
    unseen = predict(reader, dataset.images, held_out)[0] if len(held_out) else real.features[:0]
    z = model.latents(settings.samples, "evaluation samples")
    *outputs, labels = joined((*read(reader, faces), model.classify(faces)[0]) for faces in faces_of(model, z))
    drawn = Verdicts.of(tuple(outputs))
    generator = evaluate_generator(dataset, real, drawn, train, labels.argmax(axis=1), unseen)
    figures = {name: value for name, value in vars(generator).items() if isinstance(value, float)}
    log("generator: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()))

    methods = {**axes.methods, "random": random_lines(axes.methods[axes.default], model.seed)}
    ends = model.latents(ENDS_PER_WALK * settings.faces, "evaluation faces")
    faces = ends[: settings.faces]
    results, progress, factors = {}, {}, factor_names(judge_run)
    for name, method in methods.items():
        walks = walks_of(settings.faces, is_default=name == axes.default)
        some = ends[: ENDS_PER_WALK * walks]
        results[name], progress[name] = evaluate_axes(
            method, some, walks, settings.steps, judge_latents, real, dataset.emotion[train], drawn, factors
        )
        means = ", ".join(f"{emotion} {edit.mean_end.value:.2f}" for emotion, edit in results[name].emotions.items())
        log(f"{name}: mean end probability {means}")
    if factors and "paper" in methods:
        for name in methods.keys() - {"paper"}:
            compared = at_equal_success(progress[name], progress["paper"], factors)
            results[name] = replace(results[name], equal_success=compared)
    before = judge_latents(faces)
    distances = np.array([edit.distance for edit in results[axes.default].emotions.values()])
    for name, method in methods.items():
        if isinstance(method, StraightLines):
            moved = evaluate_distance(method, faces, before, distances, judge_latents)
            results[name] = replace(results[name], same_distance=moved)
    character_edits = {}
    if axes.characters is not None:
        columns = [dataset.characters.index(name) for name in axes.characters.names]
        character_edits = evaluate_characters(axes.characters, columns, faces, before, judge_latents)
    evaluation = Evaluation(
        emotions=dataset.emotions,
        characters=dataset.characters,
        drawn_characters=model.drawn,
        readers={"classifier": _classifier_accuracy(dataset, model), "judge": _accuracy(judged["test"])},
        faces=len(faces),
        steps=settings.steps,
        default=axes.default,
        judge=JudgeReliability(
            emotion_accuracy=judged["test"]["emotion_accuracy"],
            character_accuracy=judged["test"]["character_accuracy"],
            ceiling=judged["ceiling"],
            factor_r2=judged["factor_r2"],
            factor_noise=reading_noise(judge, dataset, dataset.indices("test", model.drawn)),
        ),
        generator=generator,
        methods=results,
        character_edits=character_edits,
        morphing=evaluate_morphing(axes.methods[axes.default], faces[:MORPHED], model.draw),
        redrawing=evaluate_redrawing(dataset, model),
        undivided_classes=dataset.undivided(model.drawn) or None,
    )
    return with_weaknesses(evaluation)


def walks_of(faces: int, is_default: bool) -> int:
    """Return how many of the evaluation's faces walk along the axes of a method."""
    return faces if is_default else max(2, faces // ONE_IN)


def _classifier_accuracy(dataset: Dataset, model: FinishedModel) -> dict[str, ReaderAccuracy]:
    test = dataset.indices("test")
    parts = [test[start : start + FACES_AT_ONCE] for start in range(0, len(test), FACES_AT_ONCE)]
    outputs = joined(model.classify(dataset.images[part]) for part in parts)
    return _accuracy(class_scores(outputs, (dataset.emotion[test], dataset.character[test])))


def _accuracy(scores: dict[str, Any]) -> dict[str, ReaderAccuracy]:
    return {kind: reader_accuracy(scores[f"{kind}_confusion"]) for kind in ("emotion", "character")}


def check_same_labels(model: FinishedModel, dataset: Dataset) -> None:
    """Raise `TrainError` if a model reads other emotions or characters than the pictures show."""
    for kind, known, shown in (
        ("emotions", model.emotions, dataset.emotions),
        ("characters", model.characters, dataset.characters),
    ):
        if known != shown:
            raise TrainError(
                f"the model reads the {kind} {', '.join(known)}, but {dataset.spec} shows {', '.join(shown)}; give "
                "the pictures that it was trained on, with --data"
            )
