"""Measures edits: walks along every axis, and moves between characters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tlgan_runtime.latent.centres import FittedMotion
from tlgan_runtime.latent.motions import Motion, StraightLines
from tlgan_runtime.latent.moves import Way, move
from tlgan_runtime.latent.strengths import walk_strengths
from tlgan_train.axes.regression import unit_rows
from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.evaluation.metrics import ALREADY_THERE, edit_quality, estimate, kid, quartiles
from tlgan_train.evaluation.parts import CharacterEdit, EmotionEdit, MethodResult, QuartileCurves, SameDistance
from tlgan_train.evaluation.verdicts import JudgeLatents, Verdicts

ENDS_PER_WALK = 2
"""More faces than walk are moved to the end and compared with pictures there: KID needs many."""


@dataclass(frozen=True)
class WalkProgress:
    """How far walks along one axis have come at each of their steps."""

    success: np.ndarray | None
    """(steps,), share of faces with p ≥ 0.9, of those that start below 0.5; None where no face does."""
    change: np.ndarray
    """(steps, F), mean absolute change of each known factor since the start."""


def evaluate_axes(
    motion: Motion,
    ends: np.ndarray,
    walks: int,
    steps: int,
    judge_latents: JudgeLatents,
    real: Verdicts,
    real_emotion: np.ndarray,
    drawn: Verdicts,
    factors: list[str],
) -> tuple[MethodResult, dict[str, WalkProgress]]:
    """Walk latents along every axis from strength 0 to 1, and judge each frame.

    Args:
        motion: moves faces to each emotion.
        ends: latents (N, latent_dim). The first `walks` of them walk; of the others only the last frame is compared
            with pictures.
        walks: number of walks.
        steps: number of frames of each walk.
        judge_latents: judges the faces of latents.
        real: verdicts on M training pictures.
        real_emotion: what these show, int (M,).
        drawn: verdicts on samples.
        factors: names of the known factors.

    Returns:
        The result of the method, without comparisons with other methods; and the progress of the walks to each emotion.
    """
    emotions, z, others = motion.names, ends[:walks], ends[walks:]
    result, progress = MethodResult({}, {}, {}), {}
    for e, emotion in enumerate(emotions):
        unit = np.eye(len(emotions))[e]
        way = Way(z, motion, unit > 0)
        frames = np.stack([way.at(strength * unit) for strength in walk_strengths(steps)], axis=1)
        verdicts = judge_latents(frames.reshape(-1, z.shape[1]))
        probability = verdicts.emotion.reshape(len(z), steps, -1)
        features = verdicts.features.reshape(len(z), steps, -1)
        character = verdicts.character.argmax(axis=1).reshape(len(z), steps)
        last = features[:, -1]
        if len(others):
            last = np.concatenate([last, judge_latents(move(others, motion, unit)).features])
        pictures = real.features[real_emotion == e]
        unmoved = drawn.features[drawn.emotion.argmax(axis=1) == e][: len(last)]
        moved = probability[:, 0, e] < ALREADY_THERE
        distance = np.linalg.norm(frames[:, -1] - frames[:, 0], axis=1)
        result.emotions[emotion] = EmotionEdit(
            **vars(edit_quality(probability[:, :, e], character, features)),
            kid_end=kid(pictures, last),
            kid_unmoved=kid(pictures, unmoved),
            kid_middle=kid(real.features, features[:, steps // 2]),
            distance=float((distance[moved] if moved.any() else distance).mean()),
            end_norm=float(np.linalg.norm(frames[:, -1], axis=1).mean() / np.linalg.norm(z, axis=1).mean()),
            curves=probability.mean(axis=0).T.tolist(),
            curve_quantiles=QuartileCurves(*quartiles(probability[:, :, e])),
        )
        result.leakage[emotion] = (probability[:, -1] - probability[:, 0]).mean(axis=0).tolist()
        readings = verdicts.factors.reshape(len(z), steps, -1)
        change = np.abs(readings - readings[:, :1]).mean(axis=0)
        result.factor_leakage[emotion] = dict(zip(factors, change[-1].tolist(), strict=True))
        success = (probability[moved, :, e] >= SUCCESS).mean(axis=0) if moved.any() else None
        progress[emotion] = WalkProgress(success, change)
    return result, progress


def evaluate_distance(
    lines: StraightLines, z: np.ndarray, before: Verdicts, distances: np.ndarray, judge_latents: JudgeLatents
) -> dict[str, SameDistance]:
    """Move every latent (N, latent_dim) along each straight axis by `distances` (E,), and judge the ends.

    Shows what a method does over the distance of another, instead of the one that it was calibrated to. `before` holds
    the verdicts on the unmoved faces.
    """
    result = {}
    for e, emotion in enumerate(lines.names):
        strength = distances[e] / lines.lengths[e]
        after = judge_latents(move(z, lines, strength * np.eye(len(lines.names))[e])).emotion[:, e]
        others = before.emotion[:, e] < ALREADY_THERE
        result[emotion] = SameDistance(
            distance=float(distances[e]), success=estimate(after[others] >= SUCCESS), mean_end=estimate(after)
        )
    return result


def evaluate_morphing(motion: Motion, z: np.ndarray, draw: Callable[[np.ndarray], np.ndarray]) -> dict[str, float]:
    """Return by emotion how far frames half-way are from a cross-fade, when every latent (N, latent_dim) is moved.

    It is the distance of the frame half-way from the average of the first and the last one, in pixels, over half the
    distance between these two. A cross-fade has 0. If a line moves without fading, it is √3 for its pixels.
    """
    result = {}
    for name, unit in zip(motion.names, np.eye(len(motion.names)), strict=True):
        way = Way(z, motion, unit > 0)
        first, middle, last = (draw(way.at(strength * unit)).astype(np.float64) for strength in (0.0, 0.5, 1.0))
        faded = (first + last) / 2
        off, half = (np.linalg.norm((of - faded).reshape(len(z), -1), axis=1).sum() for of in (middle, last))
        result[name] = float(off / half) if half else 0.0
    return result


def evaluate_characters(
    motion: FittedMotion, columns: list[int], z: np.ndarray, before: Verdicts, judge_latents: JudgeLatents
) -> dict[str, CharacterEdit]:
    """Turn every latent (N, latent_dim) into each drawn character, and judge the faces.

    `columns` are the places of these characters in the judge's output, `before` its verdicts on the unmoved faces.
    """
    result = {}
    for unit, column, length, name in zip(np.eye(len(columns)), columns, motion.lengths, motion.names, strict=True):
        after = judge_latents(move(z, motion, unit))
        others = before.character[:, column] < ALREADY_THERE
        result[name] = CharacterEdit(
            success=estimate(after.character[others, column] >= SUCCESS),
            emotion_kept=estimate(after.emotion.argmax(axis=1) == before.emotion.argmax(axis=1)),
            already_there=float(1 - others.mean()),
            distance=float(length),
        )
    return result


def random_lines(like: FittedMotion, seed: int) -> StraightLines:
    """Random directions of the same lengths as those of `like`; every method should do better."""
    directions = unit_rows(np.random.default_rng([seed, 3]).standard_normal(like.directions.shape))
    keep_norm = isinstance(like, StraightLines) and like.keep_norm
    return StraightLines(like.names, directions, like.lengths, keep_norm)
