"""Calibrate axes: the classifier, on held-out faces, decides how far strength 1 leads and how fast faces get there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from tlgan_runtime.latent.centres import BetweenCentres, Centres, FittedMotion, even_pace
from tlgan_runtime.latent.motions import Motion, StraightLines
from tlgan_runtime.latent.moves import Way, move
from tlgan_train.axes.regression import LatentAxes, LocalAxes
from tlgan_train.classifiers.judge import SUCCESS

LogitReader = Callable[[np.ndarray], np.ndarray]
"""Maps latents (N, latent_dim) to the logits (N, E) of the classifier for their faces."""
DISTANCES = 16
"""Number of evenly spaced distances to try."""
COMPLETE_WITHIN = 0.05
"""An effect is complete where the mean probability is this close to its maximum. The rest would take twice the
distance, to where the prior has no mass and faces fall apart."""
REACHES = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
"""Distances of targets from the middle of all faces to try, in units of the distance of the emotion's centre."""
REACHED_SHARE = 0.95
"""Share of faces that must show an emotion clearly. Targets are far enough if this holds for every emotion."""
PACE_STEPS = 16
"""Number of steps in a pace."""
MIN_FACES = 4
"""Smallest number of faces of an emotion from which its pace is measured. With fewer, all faces without the target
emotion are used."""
EVEN_SHARE = 0.25
"""Share of a pace that is even, whatever the faces do, so that no part of a way is jumped over."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A motion whose effect is complete at strength 1."""

    motion: FittedMotion
    probability: np.ndarray
    """(E,) mean probability at strength 1."""
    words: str
    """Explains how strength 1 was chosen, for people."""


def calibrate(
    fitted: LatentAxes, names: tuple[str, ...], z: np.ndarray, farthest: float, read: LogitReader
) -> Calibrated:
    """Return the motion of fitted axes, with strength 1 calibrated on held-out latents `z` (N, latent_dim).

    `farthest` is the largest distance that straight axes may lead, in standard deviations of the prior.
    """
    if isinstance(fitted, LocalAxes):
        local = between_centres(fitted, names, z, read)
        words = (
            f"strength 1 leads to the nearest of {REACHES} times the distance of the centre from the middle at which "
            f"the classifier gives {REACHED_SHARE:.0%} of faces p ≥ {SUCCESS}; the mean distance from the others is "
            "given"
        )
        return Calibrated(local, probabilities(local, z, read).mean(axis=0), words)
    lines = StraightLines(names, fitted.axes_, np.ones(len(names)), fitted.keep_norm)
    tried, curves = sweep(lines, z, farthest, read)
    distances = complete_distances(tried, curves)
    reached = curves[np.searchsorted(tried, distances), range(len(distances))]
    words = f"nearest distance within {COMPLETE_WITHIN} of the highest mean probability by the classifier"
    return Calibrated(replace(lines, lengths=distances), reached, words)


def sweep(lines: StraightLines, z: np.ndarray, farthest: float, read: LogitReader) -> tuple[np.ndarray, np.ndarray]:
    """Move latents along each axis. Returns distances (K,) and the mean probability (K, E) of each emotion there."""
    distances = np.linspace(0, farthest, DISTANCES + 1)[1:]
    curves = []
    for distance in distances:
        far = replace(lines, lengths=np.full(len(lines.names), distance))
        curves.append(probabilities(far, z, read).mean(axis=0))
    return distances, np.array(curves)


def complete_distances(distances: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """Return for each column the smallest distance, (E,), whose value is within `COMPLETE_WITHIN` of the maximum."""
    return distances[(curves >= curves.max(axis=0) - COMPLETE_WITHIN).argmax(axis=0)]


def between_centres(fitted: LocalAxes, names: tuple[str, ...], z: np.ndarray, read: LogitReader) -> BetweenCentres:
    """Return a motion between fitted centres. Its targets are as near as possible, its pace makes faces change evenly.

    Args:
        z: held-out latents, float32 (N, latent_dim).
    """
    centres = Centres(
        fitted.centres_, fitted.posterior_slopes_, fitted.posterior_intercepts_, fitted.centres_, even_pace(len(names))
    )  # fmt: skip
    local = BetweenCentres(names, fitted.axes_, np.ones(len(names)), centres)
    shares = []
    for reach in REACHES:
        far = replace(local, centres=replace(centres, targets=reaching(centres, reach)))
        shares.append((probabilities(far, z, read) >= SUCCESS).mean(axis=0))
    centres = replace(centres, targets=reaching(centres, nearest_reach(np.array(shares))))
    centres = replace(centres, pace=paces(replace(local, centres=centres), z, read))
    return replace(local, centres=centres, lengths=way_lengths(centres))


def nearest_reach(shares: np.ndarray) -> float:
    """Return the smallest of `REACHES` at which enough faces show each emotion. `shares` (R, E) of faces show it.

    All emotions have the same reach, because a reach for each would follow quirks of the classifier. An emotion that
    too few faces show at any reach has no influence, unless this is so for all emotions.
    """
    able = shares.max(axis=0) >= REACHED_SHARE
    enough = (
        (shares[:, able] >= REACHED_SHARE).all(axis=1)
        if able.any()
        else shares.mean(axis=1) == shares.mean(axis=1).max()
    )
    return REACHES[int(np.argmax(enough))]


def way_lengths(centres: Centres) -> np.ndarray:
    """Return the mean distance (E,) of each emotion's target from the centres of the other emotions."""
    apart = np.linalg.norm(centres.targets[:, None] - centres.latents, axis=2)
    return (apart.sum(axis=1) - apart.diagonal()) / (len(apart) - 1)


def reaching(centres: Centres, reach: float) -> np.ndarray:
    """Return targets (E, latent_dim) that are `reach` times as far from the middle of all faces as the centres."""
    middle = centres.latents.mean(axis=0)
    targets: np.ndarray = middle + reach * (centres.latents - middle)
    return targets


def paces(motion: BetweenCentres, z: np.ndarray, read: LogitReader) -> np.ndarray:
    """Return the pace (E, E, K + 1) at which faces change evenly, from each emotion to each.

    A pace is a share of the way for each step. Change is measured in the centred logits of the classifier. The given
    `motion` must have an even pace.
    """
    count, way = len(motion.names), np.linspace(0, 1, PACE_STEPS + 1)
    own = motion.centres.posterior(z.astype(np.float64)).argmax(axis=1)
    pace = np.tile(way, (count, count, 1))
    for e in range(count):
        unit = np.eye(count)[e]
        moving = Way(z, motion, unit > 0)
        frames = np.stack([moving.at(share * unit) for share in way], axis=1)
        logits = read(frames.reshape(-1, z.shape[1])).reshape(len(z), len(way), -1)
        stride = np.linalg.norm(np.diff(logits - logits.mean(axis=2, keepdims=True), axis=1), axis=2)
        stride = stride / np.maximum(stride.mean(axis=1, keepdims=True), 1e-12)
        for o in range(count):
            subset = own == o if (own == o).sum() >= MIN_FACES else own != e
            if o == e or not subset.any():
                continue
            covered = np.cumsum(np.concatenate([[0], EVEN_SHARE + (1 - EVEN_SHARE) * stride[subset].mean(axis=0)]))
            pace[o, e] = np.interp(way, covered / covered[-1], way)
    return pace


def probabilities(motion: Motion, z: np.ndarray, read: LogitReader) -> np.ndarray:
    """Return the probability (N, E) of each emotion, by the classifier, for latents moved by strength 1 towards it."""
    logits = [read(move(z, motion, unit)) for unit in np.eye(len(motion.names))]
    return np.stack([softmax(rows, axis=1)[:, e] for e, rows in enumerate(logits)], axis=1)
