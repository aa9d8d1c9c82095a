"""Fit an axis for an attribute that a finished model does not know, from labelled pictures, in minutes.

This repeats the steps of the paper, and leaves the rest of the model as it is. A reader learns the labels and reads the
faces that the generator draws. A regression on latents gives the axis, which is separated from the axes of emotions and
characters. A second reader, trained on other pictures, judges the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LinearRegression

from tlgan_runtime.bundle.axes_json import BINARY, attribute_entry
from tlgan_runtime.latent.keep import basis
from tlgan_runtime.latent.motions import ToLevel
from tlgan_runtime.latent.moves import move
from tlgan_runtime.latent.names import ATTRIBUTE, RESERVED
from tlgan_runtime.latent.strengths import walk_strengths
from tlgan_train.attributes.reader import (
    AttributeReader,
    Score,
    check_readable,
    deal,
    grade_reader,
    probability,
    standard_scores,
    train_reader,
)
from tlgan_train.axes.regression import LogitAxes
from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.classifiers.r2 import r2
from tlgan_train.compute.compute import Compute
from tlgan_train.compute.seeds import stream_seed
from tlgan_train.data.labels import LabelledPictures
from tlgan_train.data.sources.spelling import name_key
from tlgan_train.dataclass_json import to_json
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.metrics import edit_quality, estimate
from tlgan_train.evaluation.model import FinishedModel
from tlgan_train.models.inference import predict

SAMPLES, HELD_OUT = 6_000, 1_000
"""Number of latents for the regression, and how many of them are held out to score it."""
CALIBRATION_FACES, FACES, FRAMES = 256, 256, 15
"""Number of latents for the choice of levels, of latents for the measurement, and of frames in each measured walk."""
FARTHEST_SCORE = 5.0
"""Limit at which scores are clipped for the regression. Higher certainty does not mean a longer distance."""
MIN_LEFT_SHARE = 0.5
"""Share of the axis that must remain without the axes of characters. Below it, the attribute depends on the character,
and a face gets it by turning into another character."""
DISTANCES = np.arange(1.0, 6.1, 0.5)
"""Levels to try, in standard deviations of faces along the axis."""
SURE_SHARE, NEARLY_SHARE = 0.95, 0.05
"""A level is far enough if `SURE_SHARE` of faces surely reach it, or at most `NEARLY_SHARE` fewer than at the best."""
MIN_EMOTION_KEPT = 0.85
"""Share of faces with a clear emotion that must keep it at a level, by the classifier."""
MIN_GAIN = 0.1
"""Smallest rise of the mean probability. One side must reach it."""
SIDES = ("without", "with")
FACES_AT_ONCE = 512
"""Faces in memory at a time."""


@dataclass(frozen=True, eq=False)
class Readings:
    """The readings of N faces."""

    score: np.ndarray
    """(N,) scores of the attribute."""
    emotion: np.ndarray
    """(N, E) logits."""
    character: np.ndarray
    """(N, C) logits."""
    features: np.ndarray
    """(N, D) features of the attribute's reader."""


def check_name(name: str, model: FinishedModel) -> None:
    """Raise `TrainError` for a name that mixes cannot hold, or that has another meaning already."""
    if not ATTRIBUTE.fullmatch(name) or name in RESERVED:
        raise TrainError(
            f"{name!r} cannot be the name of an attribute; take letters, digits, - and _, beginning with a letter, "
            f"and none of {', '.join(RESERVED)}"
        )
    if name_key(name) in map(name_key, (*model.emotions, *model.characters)):
        raise TrainError(f"{name!r} is the name of an emotion or a character already; take another")


def fit_attribute(
    name: str, pictures: LabelledPictures, model: FinishedModel, log: Callable[[str], None], compute: Compute
) -> dict[str, Any]:
    """Fit, calibrate and measure an attribute of labelled pictures. Returns its entry of `axes.json`.

    `compute` trains the readers.

    Raises `TrainError` if the readers cannot learn the labels from the pictures, or if the generator does not draw the
    attribute.
    """
    check_name(name, model)
    kind, seed = pictures.kind, stream_seed(model.seed, f"attribute {name}")
    targets = pictures.values if kind == BINARY else standard_scores(pictures.values)
    *splits, test = deal(targets, kind, seed)
    reader, judge = (train_reader(pictures, targets, split, seed + i, compute) for i, split in enumerate(splits))
    scores = [grade_reader(network, pictures, targets, test) for network in (reader, judge)]
    for role, score in zip(("reader", "judge"), scores, strict=True):
        log(f"{name}: {role} {_score_text(score, kind)}")
        check_readable(name, score, kind)

    z = model.latents(SAMPLES, f"attribute {name}")
    direction, fitted = fit_direction(z, read_latents(model, reader, z), model)
    log(f"{name}: held-out R² {fitted['held_out_r2']:.2f}, separated from {' and '.join(fitted['kept'])}")
    faces = model.latents(CALIBRATION_FACES, "attribute calibration")
    attribute, found = calibrated(name, kind, direction, z @ direction, faces, model, reader)
    measured = measure(attribute, kind, model, judge)
    for side in SIDES:
        figures = measured[side]
        log(
            f"{name}, {side}: success {_number(figures['success'])}, mean end probability "
            f"{_number(figures['mean_end'])} (start {figures['mean_start']:.2f}, random direction "
            f"{_number(figures['random_mean_end'])}), emotion kept {_number(figures['emotion_kept'])}, "
            f"character kept {_number(figures['character_kept'])}"
        )
    return attribute_entry(
        attribute, kind,
        fitted={**fitted, **found, "labelled_pictures": len(targets), "reader": asdict(scores[0])},
        measured={
            **measured, "reader": asdict(scores[1]), "ceiling": dict(zip(SIDES, scores[1].ceiling, strict=True))
        },
    )  # fmt: skip


def read_latents(model: FinishedModel, reader: AttributeReader, z: np.ndarray, judged: bool = False) -> Readings:
    """Read the faces of latents (N, latent_dim) with `reader`, and with the model's classifier or judge."""
    parts = []
    for start in range(0, len(z), FACES_AT_ONCE):
        images = model.draw(z[start : start + FACES_AT_ONCE])
        features, score = predict(reader, images)
        parts.append((score[:, 0], *(model.judge if judged else model.classify)(images), features))
    return Readings(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def fit_direction(z: np.ndarray, readings: Readings, model: FinishedModel) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the unit direction (latent_dim,) along which the score grows and emotions stay, and facts about the fit.

    The character stays as well, unless the attribute depends on the character.
    """
    fit, rest = slice(HELD_OUT, None), slice(0, HELD_OUT)
    target = np.clip(readings.score, -FARTHEST_SCORE, FARTHEST_SCORE)
    regression = LinearRegression().fit(z[fit], target[fit])
    slope = regression.coef_.astype(np.float64)
    if not np.linalg.norm(slope) > 0:
        raise TrainError("all faces of the generator have the same score, so there is no direction to move along")
    aside = [LogitAxes().fit(z[fit], readings.emotion[fit]).slopes_]
    kept = ["emotion"]
    left = _without(slope, np.concatenate(aside))
    share = {"left_without_emotions": float(np.linalg.norm(left) / np.linalg.norm(slope))}
    if len(model.drawn) > 1:
        columns = [model.characters.index(name) for name in model.drawn]
        aside.append(LogitAxes().fit(z[fit], readings.character[fit][:, columns]).slopes_)
        alone = _without(slope, np.concatenate(aside))
        share["left_without_characters"] = float(np.linalg.norm(alone) / np.linalg.norm(slope))
        if share["left_without_characters"] >= MIN_LEFT_SHARE:
            left, kept = alone, ["emotion", "character"]
    return left / np.linalg.norm(left), {
        "method": "linear regression of the reader's score on latents",
        "samples": len(z) - HELD_OUT,
        "held_out_r2": float(r2(target[rest, None], regression.predict(z[rest])[:, None])[0]),
        "offset": float(regression.intercept_),
        "kept": kept,
        **share,
    }


def calibrated(
    name: str,
    kind: str,
    direction: np.ndarray,
    places: np.ndarray,
    z: np.ndarray,
    model: FinishedModel,
    reader: AttributeReader,
) -> tuple[ToLevel, dict[str, Any]]:
    """Choose the levels of an attribute on held-out latents `z` (N, latent_dim).

    `places` (M,) are the places of other faces along its direction. Returns the attribute and facts about the choice.
    Raises `TrainError` if no level makes a difference.
    """
    start = read_latents(model, reader, z)
    clear = softmax(start.emotion, axis=1).max(axis=1) >= SUCCESS
    clear = clear if clear.any() else np.ones(len(z), bool)
    middle, spread = float(places.mean()), float(places.std())
    levels, reached, gains = [], [], []
    for sign in (-1.0, 1.0):
        tried = middle + sign * spread * DISTANCES
        shares, means, kept = [], [], []
        for level in tried:
            attribute = ToLevel(name, direction, (level, level))  # the move only uses the level on the side of `sign`
            readings = read_latents(model, reader, move(z, attribute, np.array([sign])))
            reaching = _side(probability(readings.score, kind), sign)
            shares.append((reaching >= SUCCESS).mean())
            means.append(reaching.mean())
            kept.append((readings.emotion.argmax(axis=1) == start.emotion.argmax(axis=1))[clear].mean())
        chosen = nearest_level(np.array(shares), np.array(kept))
        levels.append(float(tried[chosen]))
        reached.append(float(means[chosen]))
        gains.append(reached[-1] - _side(probability(start.score, kind), sign).mean())
    if max(gains) < MIN_GAIN:
        raise TrainError(
            f"the generator cannot be moved towards {name}: the mean probability rises by {max(gains):.2f}, less than "
            f"{MIN_GAIN}; the generator draws too little of it, or only together with an emotion"
        )
    words = (
        f"nearest level at which {SURE_SHARE:.0%} of {len(z)} faces have p ≥ {SUCCESS} by the reader, or nearly as "
        f"many as at any, and {MIN_EMOTION_KEPT:.0%} of those that show an emotion clearly keep it"
    )
    found = {"calibration": words, "calibrated_probability": reached}
    return ToLevel(name, direction, (levels[0], levels[1])), found


def nearest_level(shares: np.ndarray, kept: np.ndarray) -> int:
    """Return the index of the nearest level that is far enough.

    At level k, the share `shares[k]` of faces surely reaches it, and the share `kept[k]` keeps its emotion. If too few
    keep it at every level, the nearest level is chosen.
    """
    able = kept >= MIN_EMOTION_KEPT
    if not able.any():
        return 0
    highest = shares[able].max()
    return int(np.argmax(able & (shares >= min(SURE_SHARE, highest - NEARLY_SHARE))))


def measure(attribute: ToLevel, kind: str, model: FinishedModel, judge: AttributeReader) -> dict[str, Any]:
    """Measure walks of new faces to both sides, frame by frame, as for emotions, and compare a random direction."""
    z = model.latents(FACES, "attribute faces")
    random = np.random.default_rng([model.seed, 6]).standard_normal(z.shape[1])
    random /= np.linalg.norm(random)
    result: dict[str, Any] = {"faces": len(z), "frames": FRAMES, "emotion_and_character_by": model.judged_by}
    for side, sign in zip(SIDES, (-1.0, 1.0), strict=True):
        frames = np.stack([move(z, attribute, np.array([sign * share])) for share in walk_strengths(FRAMES)], axis=1)
        seen = read_latents(model, judge, frames.reshape(-1, z.shape[1]), judged=True)
        there = _side(probability(seen.score, kind), sign).reshape(len(z), FRAMES)
        emotion = seen.emotion.argmax(axis=1).reshape(len(z), FRAMES)
        character = seen.character.argmax(axis=1).reshape(len(z), FRAMES)
        distances = np.linalg.norm(frames[:, -1] - z, axis=1)
        elsewhere = read_latents(model, judge, (z + distances[:, None] * random).astype(np.float32), judged=True)
        result[side] = {
            **vars(edit_quality(there, character, seen.features.reshape(len(z), FRAMES, -1))),
            "mean_start": float(there[:, 0].mean()),
            "emotion_kept": estimate(emotion[:, -1] == emotion[:, 0]),
            "random_mean_end": estimate(_side(probability(elsewhere.score, kind), sign)),
            "random_emotion_kept": estimate(elsewhere.emotion.argmax(axis=1) == emotion[:, 0]),
            "distance": float(distances.mean()),
        }
    measured: dict[str, Any] = to_json(result)
    return measured


def _side(probabilities: np.ndarray, sign: float) -> np.ndarray:
    """Return the probability of having the attribute for a positive sign, or of not having it for a negative one."""
    return probabilities if sign > 0 else 1 - probabilities


def _without(direction: np.ndarray, rows: np.ndarray) -> np.ndarray:
    aside = basis(rows)
    return direction - direction @ aside.T @ aside


def _score_text(score: Score, kind: str) -> str:
    what = "balanced accuracy" if kind == BINARY else "R²"
    return f"{what} {score.value:.3f} [{score.low:.3f}, {score.high:.3f}] on {score.pictures} pictures"


def _number(figure: dict[str, Any]) -> str:
    return "–" if figure["value"] is None else f"{figure['value']:.2f}"
