"""Fills the page of a run with values and tables; `templates/report.html.jinja` adds the words."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from tlgan_runtime.latent.centres import BetweenCentres, ToEnds
from tlgan_runtime.latent.motions import Motion, StraightLines
from tlgan_train.evaluation.equal_success import changes_at_equal_success
from tlgan_train.evaluation.metrics import percent
from tlgan_train.evaluation.parts import MethodResult
from tlgan_train.evaluation.weaknesses import weaknesses
from tlgan_train.report.before_after import BeforeAfter
from tlgan_train.report.claim_tables import Table, axis_table, network_table, remarks, tally
from tlgan_train.report.results import Results
from tlgan_train.report.text import interval, number, render

SCORES = ("success", "mean_end", "rank_correlation", "monotone", "character_kept")
"""Columns of the table of edits: fields of `EditQuality`."""


def page(results: Results, figures: dict[str, bytes], faces: BeforeAfter) -> str:
    """The HTML of the report, which needs no other file. `figures` are PNG files by name."""
    evaluation, dataset, config = results.evaluation, results.dataset, results.config
    claims, compared = results.claims, results.evidence.compared
    return render(
        "report.html.jinja",
        evaluation=evaluation,
        config=config.to_dict(),
        emotions=dataset.emotions,
        characters=dataset.characters,
        drawn=results.drawn,
        target=results.target,
        default=results.default,
        fits=results.fits,
        methods={
            name: {"moves": _moves(motion), "keep_norm": isinstance(motion, StraightLines) and motion.keep_norm}
            for name, motion in results.axes.items()
            if name in results.fitted
        },
        farthest=results.fits[results.default]["max_strength"][dataset.emotions.index(results.target)],
        data={
            "spec": dataset.spec,
            "digest": dataset.digest,
            "image_size": dataset.image_size,
            "drawn_pictures": len(dataset.indices("train", results.drawn)),
            "splits": {split: len(dataset.indices(split)) for split in ("train", "validation", "test")},
        },
        images_seen=results.losses[-1]["images"],
        test_pictures=results.classifier["test"]["pictures"],
        stages=results.training.get("stages", {}),
        weaknesses=[weakness.says for weakness in weaknesses(evaluation)],
        tallies={method: tally(claims, method) for method in compared},
        remarks=lambda paper, methods=compared: remarks(claims, paper, methods),
        tables=_tables(results),
        before_after=faces,
        png={name: base64.b64encode(data).decode("ascii") for name, data in figures.items()},
    )


def _tables(results: Results) -> dict[str, Any]:
    """The rows of each table, together with its heads if they depend on the run."""
    evaluation, methods = results.evaluation, results.evaluation.methods
    scores = [
        [emotion, name, *(interval(getattr(result.emotions[emotion], score)) for score in SCORES)]
        for emotion in results.dataset.emotions
        for name, result in methods.items()
    ]
    means = [["mean", name, *(number(_mean(result, score)) for score in SCORES)] for name, result in methods.items()]
    ceiling = evaluation.judge.ceiling
    return {
        "scores": scores + means,
        "ceilings": [
            [
                emotion, number(ceiling[emotion]), percent(edit.already_there), number(edit.distance, 1),
                number(edit.end_norm),
            ]
            for emotion, edit in methods[results.default].emotions.items()
        ],
        "network_claims": network_table(results.claims),
        "axis_claims": axis_table(results.claims, results.evidence.compared),
        "readers": [_reader(name, m) for name, m in (("classifier", results.classifier), ("judge", results.judge))],
        "fits": _fits(results),
        "same_distance": _same_distance(results),
        "characters": [
            [name, interval(edit.success), interval(edit.emotion_kept), number(edit.distance, 1)]
            for name, edit in (evaluation.character_edits or {}).items()
        ],
        "equal_success": [
            [change.factor, *map(number, (change.noise, change.own, change.paper, change.share))]
            for change in changes_at_equal_success(evaluation, results.default)
        ],
    }  # fmt: skip


def _reader(name: str, metrics: dict[str, Any]) -> list[str]:
    accuracies = (
        percent(metrics[pictures][f"{kind}_accuracy"])
        for pictures in ("test", "test_augmented")
        for kind in ("emotion", "character")
    )
    return [name, *accuracies, f"{metrics['test']['pictures']:,}", f"{metrics['parameters']:,}"]


def _fits(results: Results) -> Table:
    """For each method R² of the regression, and distance and probability at strength 1."""
    heads = [f"{name}: {what}" for name in results.fits for what in ("R²", "k at 1", "p there")]
    rows = [
        [emotion, *(cell for fit in results.fits.values() for cell in (
            number(fit["fitted"]["held_out_r2"][e]), f"{fit['max_strength'][e]:.1f}",
            number(fit["fitted"]["calibrated_probability"][e])))]
        for e, emotion in enumerate(results.dataset.emotions)
    ]  # fmt: skip
    return ["emotion", *heads], rows


def _same_distance(results: Results) -> Table:
    """Success of straight axes over the same distance as the default method."""
    methods = results.evaluation.methods
    others = {name: list(r.same_distance.values()) for name, r in methods.items() if r.same_distance is not None}
    rows = [
        [
            emotion, number(edit.distance, 1), interval(edit.success),
            *(interval(found[e].success) for found in others.values()),
        ]
        for e, (emotion, edit) in enumerate(methods[results.default].emotions.items())
    ]  # fmt: skip
    return ["emotion", "distance", results.default, *(f"{name}, so far" for name in others)], rows


def _moves(motion: Motion) -> str:
    """Where a method moves faces: `straight`, to `centres` or to `ends`."""
    if isinstance(motion, ToEnds):
        return "ends"
    return "centres" if isinstance(motion, BetweenCentres) else "straight"


def _mean(result: MethodResult, score: str) -> float | None:
    """Plain mean of a score over emotions; None where one of them has none."""
    values = [getattr(edit, score).value for edit in result.emotions.values()]
    return None if None in values else float(np.mean(values))
