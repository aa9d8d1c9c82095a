"""Measures edits: walks along every axis, and moves between characters."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tlgan_runtime.latent.centres import FittedMotion
from tlgan_runtime.latent.motions import Motion, StraightLines
from tlgan_runtime.latent.moves import Way, move
from tlgan_runtime.latent.strengths import walk_strengths
from tlgan_train.axes.regression import unit_rows
from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.evaluation.metrics import ALREADY, edit_figures, estimate, kid, quantiles
from tlgan_train.evaluation.verdicts import Look, Verdicts

ENDS = 2
"""Faces whose ends are compared with pictures, for each that walks: the KID of so few as walk is a rough figure."""


@dataclass(frozen=True)
class Course:
    """What walks along one axis go through, at each of their steps."""

    success: np.ndarray | None
    """(steps,), the share of faces with p ≥ 0.9 of those that start below 0.5; None when there are none."""
    change: np.ndarray
    """(steps, F), mean absolute change of each known factor since the start."""


def evaluate_axes(
    motion: Motion,
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
    emotions, z, others = motion.names, ends[:walks], ends[walks:]
    result: dict[str, Any] = {"emotions": {}, "leakage": {}, "factor_leakage": {}}
    courses = {}
    for e, emotion in enumerate(emotions):
        unit = np.eye(len(emotions))[e]
        way = Way(z, motion, unit > 0)
        frames = np.stack([way.at(strength * unit) for strength in walk_strengths(steps)], axis=1)
        seen = look(frames.reshape(-1, z.shape[1]))
        probability = seen.emotion.reshape(len(z), steps, -1)
        features = seen.features.reshape(len(z), steps, -1)
        character = seen.character.argmax(axis=1).reshape(len(z), steps)
        figures: dict[str, Any] = edit_figures(probability[:, :, e], character, features)
        last = features[:, -1]
        if len(others):
            last = np.concatenate([last, look(move(others, motion, unit)).features])
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


def evaluate_distance(
    lines: StraightLines, z: np.ndarray, before: Verdicts, distances: np.ndarray, look: Look
) -> dict[str, dict[str, Any]]:
    """Move every latent (N, latent_dim) along each straight axis as far as `distances` (E,) say, and judge the ends.

    What a method does over the distance of another, in place of the one that it was calibrated to.
    """
    result = {}
    for e, emotion in enumerate(lines.names):
        strength = distances[e] / lines.lengths[e]
        after = look(move(z, lines, strength * np.eye(len(lines.names))[e])).emotion[:, e]
        others = before.emotion[:, e] < ALREADY
        result[emotion] = {
            "distance": float(distances[e]),
            "success": asdict(estimate(after[others] >= SUCCESS)),
            "mean_end": asdict(estimate(after)),
        }
    return result


def evaluate_characters(
    motion: FittedMotion, columns: list[int], z: np.ndarray, before: Verdicts, look: Look
) -> dict[str, Any]:
    """Turn every latent (N, latent_dim), whose faces the judge read as `before`, into each drawn character, whose
    columns it reads: what it sees then."""
    result = {}
    for unit, column, length, name in zip(np.eye(len(columns)), columns, motion.lengths, motion.names, strict=True):
        after = look(move(z, motion, unit))
        others = before.character[:, column] < ALREADY
        result[name] = {
            "success": asdict(estimate(after.character[others, column] >= SUCCESS)),
            "emotion_kept": asdict(estimate(after.emotion.argmax(axis=1) == before.emotion.argmax(axis=1))),
            "already_there": float(1 - others.mean()),
            "distance": float(length),
        }
    return result


def random_lines(like: FittedMotion, seed: int) -> StraightLines:
    """Random unit directions that go as far as `like`: the floor of every comparison."""
    directions = unit_rows(np.random.default_rng([seed, 3]).standard_normal(like.directions.shape))
    keep_norm = isinstance(like, StraightLines) and like.keep_norm
    return StraightLines(like.names, directions, like.lengths, keep_norm)


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
