"""How far axes have to go, and how fast: what strengths from 0 to 1 mean, by the classifier on held-out faces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from tlgan_runtime.latent.axes import AxisSet
from tlgan_runtime.latent.centres import Centres
from tlgan_runtime.latent.motion import Way, move
from tlgan_train.axes.regression import LatentAxes, LocalAxes
from tlgan_train.classifiers.judge import SUCCESS

Read = Callable[[np.ndarray], np.ndarray]
"""Latents (N, latent_dim) → logits (N, E) that the classifier gives their faces."""
POINTS = 16
"""Evenly spaced distances tried, up to the farthest."""
COMPLETE = 0.05
"""An effect is complete where the mean probability is this near to its highest: the rest would cost twice the distance,
out where the prior has no mass and faces fall apart."""
REACHES = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
"""Distances of a target from the middle of all faces, in those of the emotion's centre."""
REACHED = 0.95
"""Share of faces that have to show an emotion clearly, whichever it is, for targets to be far enough."""
KNOTS = 16
"""Steps of a pace."""
FEWEST = 4
"""Faces of an emotion that its own pace is measured on; with fewer, that of all faces is taken."""
EVEN = 0.25
"""Share of a pace that is even whatever the faces do, so that no part of a way is passed at a leap."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What strength 1 of each axis is."""

    distances: np.ndarray
    """(E,) how far it leads, in standard deviations of the prior; for local axes a mean over where faces start."""
    probability: np.ndarray
    """(E,) mean probability there."""
    words: str
    """How it was chosen."""
    centres: Centres | None
    """What the runtime needs of local axes."""


def calibrate(fitted: LatentAxes, z: np.ndarray, farthest: float, read: Read) -> Calibrated:
    """Strength 1 on latents (N, latent_dim) that nothing was fitted to, at most `farthest` away on straight axes."""
    if isinstance(fitted, LocalAxes):
        centres = centres_of(fitted, z, read)
        distances = way_lengths(centres)
        reached = probabilities(axis_set(fitted, distances, centres), z, read).mean(axis=0)
        words = (
            f"strength 1 leads to the nearest of {REACHES} times the distance of the centre from the middle at which "
            f"the classifier gives {REACHED:.0%} of faces p ≥ {SUCCESS}; its mean distance from the others is given"
        )
        return Calibrated(distances, reached, words, centres)
    tried, curves = sweep(fitted, z, farthest, read)
    distances = complete_distances(tried, curves)
    reached = curves[np.searchsorted(tried, distances), range(len(distances))]
    words = f"nearest distance within {COMPLETE} of the highest mean probability by the classifier"
    return Calibrated(distances, reached, words, None)


def sweep(fitted: LatentAxes, z: np.ndarray, farthest: float, read: Read) -> tuple[np.ndarray, np.ndarray]:
    """Distances (K,) and the mean probability (K, E) of each emotion for latents moved that far along its axis."""
    distances = np.linspace(0, farthest, POINTS + 1)[1:]
    curves = []
    for distance in distances:
        axes = axis_set(fitted, np.full(len(fitted.axes_), distance))
        curves.append(probabilities(axes, z, read).mean(axis=0))
    return distances, np.array(curves)


def complete_distances(distances: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """For each column, the nearest distance (E,) whose value is within `COMPLETE` of the column's highest."""
    return distances[(curves >= curves.max(axis=0) - COMPLETE).argmax(axis=0)]


def centres_of(fitted: LocalAxes, z: np.ndarray, read: Read) -> Centres:
    """What the runtime needs of local axes: targets as far out as it takes, and a pace of even changes.

    Args:
        z: float32 (N, latent_dim), faces that nothing was fitted to.
    """
    count = len(fitted.axes_)
    steady = np.tile([0.0, 1.0], (count, count, 1))
    centres = Centres(
        fitted.centres_, fitted.posterior_slopes_, fitted.posterior_intercepts_, fitted.centres_, steady
    )  # fmt: skip
    shares = []
    for reach in REACHES:
        axes = axis_set(fitted, np.ones(count), replace(centres, targets=reaching(centres, reach)))
        shares.append((probabilities(axes, z, read) >= SUCCESS).mean(axis=0))
    centres = replace(centres, targets=reaching(centres, nearest_reach(np.array(shares))))
    return replace(centres, pace=paces(axis_set(fitted, np.ones(count), centres), z, read))


def nearest_reach(shares: np.ndarray) -> float:
    """Of `REACHES`, the nearest at which each emotion is shown by enough faces; `shares` (R, E) of faces show it.

    One reach for all: chosen for each emotion by itself it would follow the quirks of the classifier. Emotions that are
    not shown by enough faces at any reach have no say, unless that is so for all.
    """
    able = shares.max(axis=0) >= REACHED
    enough = (
        (shares[:, able] >= REACHED).all(axis=1) if able.any() else shares.mean(axis=1) == shares.mean(axis=1).max()
    )
    return REACHES[int(np.argmax(enough))]


def way_lengths(centres: Centres) -> np.ndarray:
    """Mean distance (E,) of each emotion's target from the centres of the others."""
    apart = np.linalg.norm(centres.targets[:, None] - centres.latents, axis=2)
    return (apart.sum(axis=1) - apart.diagonal()) / (len(apart) - 1)


def reaching(centres: Centres, reach: float) -> np.ndarray:
    """Targets (E, latent_dim) that lie `reach` times as far from the middle of all faces as the centres do."""
    middle = centres.latents.mean(axis=0)
    targets: np.ndarray = middle + reach * (centres.latents - middle)
    return targets


def paces(axes: AxisSet, z: np.ndarray, read: Read) -> np.ndarray:
    """Shares of the way (E, E, K + 1) at which faces of each emotion, on their way to each, have changed evenly.

    What changes is measured in the classifier's centred logits. `axes` have centres, and go at an even pace.
    """
    if axes.centres is None:
        raise TypeError("axes without centres have no pace")
    count, way = len(axes.emotions), np.linspace(0, 1, KNOTS + 1)
    own = axes.centres.posterior(z.astype(np.float64)).argmax(axis=1)
    pace = np.tile(way, (count, count, 1))
    for e in range(count):
        unit = np.eye(count)[e]
        moving = Way(z, axes, unit > 0)
        frames = np.stack([moving.at(share * unit) for share in way], axis=1)
        logits = read(frames.reshape(-1, z.shape[1])).reshape(len(z), len(way), -1)
        stride = np.linalg.norm(np.diff(logits - logits.mean(axis=2, keepdims=True), axis=1), axis=2)
        stride = stride / np.maximum(stride.mean(axis=1, keepdims=True), 1e-12)
        for o in range(count):
            mine = own == o if (own == o).sum() >= FEWEST else own != e
            if o == e or not mine.any():
                continue
            covered = np.cumsum(np.concatenate([[0], EVEN + (1 - EVEN) * stride[mine].mean(axis=0)]))
            pace[o, e] = np.interp(way, covered / covered[-1], way)
    return pace


def probabilities(axes: AxisSet, z: np.ndarray, read: Read) -> np.ndarray:
    """Probability (N, E) of each emotion, by the classifier, for latents moved to full strength towards it alone."""
    logits = [read(move(z, axes, unit)) for unit in np.eye(len(axes.emotions))]
    return np.stack([softmax(rows, axis=1)[:, e] for e, rows in enumerate(logits)], axis=1)


def axis_set(fitted: LatentAxes, distances: np.ndarray, centres: Centres | None = None) -> AxisSet:
    """The axes of a method with strength 1 at these distances (E,), as the runtime moves along them."""
    names = tuple(map(str, range(len(fitted.axes_))))
    return AxisSet(
        "calibrated", names, fitted.axes_, fitted.offsets_, distances, fitted.keep_norm, {},
        fitted.axes_ @ fitted.axes_.T, centres,
    )  # fmt: skip
