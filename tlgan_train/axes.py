"""Steps IV and V: fit one axis an emotion, keep the axes apart, and find how far each has to go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax
from torch import nn

from tlgan_runtime.axes import AXES_SCHEMA_VERSION, AxisSet, Centres, parse_axes
from tlgan_runtime.latent import move
from tlgan_train.config import Config
from tlgan_train.errors import TrainError
from tlgan_train.latent_axes import METHODS, LatentAxes, LocalAxes, PaperAxes, unit_rows
from tlgan_train.models.dcgan import Generator
from tlgan_train.run import read_json, write_json
from tlgan_train.samples import Samples, read_faces

PAPER_DISTANCE = 30.0
"""The published code sweeps k up to 29.9; the method `paper` may go as far."""
CALIBRATION_POINTS = 16
"""Evenly spaced distances tried, up to the farthest."""
COMPLETE = 0.05
"""An effect is complete where the mean probability is this near to its highest: the rest would cost twice the distance,
out where the prior has no mass and faces fall apart."""


def fit_axes(
    config: Config,
    samples: Samples,
    emotions: tuple[str, ...],
    generator: Generator,
    classifier: nn.Module,
    run: Path,
    log: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Fit every method on a part of (Z, Y), score and calibrate it on the rest, and write `RUN/axes.json`."""
    held_out = int(len(samples.z) * config.axes.held_out_share)
    if held_out < config.axes.calibration_faces:
        raise TrainError(
            f"axes.held_out_share of {len(samples.z)} samples is {held_out}; "
            f"at least axes.calibration_faces, {config.axes.calibration_faces}, are needed"
        )
    z, y = samples.z[held_out:], samples.emotion[held_out:]
    if len(z) < PaperAxes().samples:
        raise TrainError(
            f"samples.count of {len(samples.z)} leaves {len(z)} samples to fit on; the paper's axes alone "
            f"take {PaperAxes().samples}: raise samples.count or lower axes.held_out_share"
        )
    document: dict[str, Any] = {
        "schema_version": AXES_SCHEMA_VERSION,
        "emotions": list(emotions),
        "latent_dim": samples.z.shape[1],
        "default": config.axes.method,
        "methods": {},
    }
    faces = samples.z[: config.axes.calibration_faces]
    for name, method in METHODS.items():
        fitted = method().fit(z, y)
        centres = centres_of(fitted)
        if centres is not None:
            strengths = centre_distances(centres)
            reached = probabilities(fitted, np.ones(len(emotions)), faces, generator, classifier)
            calibration = (
                "strength 1 leads to the centre of the emotion, whose mean distance from the other centres this is"
            )
        else:
            farthest = PAPER_DISTANCE if name == "paper" else config.axes.max_distance
            distances, curves = sweep(fitted, faces, farthest, generator, classifier)
            strengths = complete_distances(distances, curves)
            reached = curves[np.searchsorted(distances, strengths), range(len(emotions))]
            calibration = f"nearest distance within {COMPLETE} of the highest mean probability by the classifier"
        r2 = fitted.score(samples.z[:held_out], samples.emotion[:held_out])
        slopes = unit_rows(fitted.slopes_)
        document["methods"][name] = {
            "directions": fitted.axes_.tolist(),
            "offsets": fitted.offsets_.tolist(),
            "max_strength": strengths.tolist(),
            "keep_norm": fitted.keep_norm,
            "fitted": {
                "method": type(fitted).__name__,
                "parameters": fitted.get_params(),
                "samples": min(len(z), getattr(fitted, "samples", len(z))),
                "held_out_r2": r2.tolist(),
                "calibration": calibration,
                "calibration_faces": config.axes.calibration_faces,
                "calibrated_probability": reached.tolist(),
                "cosine_before": (slopes @ slopes.T).tolist(),
            },
            "cosine": (fitted.axes_ @ fitted.axes_.T).tolist(),
        }
        if centres is not None:
            document["methods"][name]["centres"] = {key: values.tolist() for key, values in vars(centres).items()}
        told = ", ".join(f"{emotion} {reached[e]:.2f} at {strengths[e]:.1f}" for e, emotion in enumerate(emotions))
        log(f"{name}: held-out R² {r2.mean():.2f}; mean probability and distance: {told}")
    parse_axes(document, emotions, samples.z.shape[1])
    write_json(run / "axes.json", document)
    return document


def sweep(
    fitted: LatentAxes, z: np.ndarray, farthest: float, generator: Generator, classifier: nn.Module
) -> tuple[np.ndarray, np.ndarray]:
    """Distances (K,) and the mean probability (K, E) of each emotion for latents moved that far along its axis."""
    distances = np.linspace(0, farthest, CALIBRATION_POINTS + 1)[1:]
    ones = np.ones(len(fitted.axes_))
    curves = [probabilities(fitted, distance * ones, z, generator, classifier) for distance in distances]
    return distances, np.array(curves)


def probabilities(
    fitted: LatentAxes, distances: np.ndarray, z: np.ndarray, generator: Generator, classifier: nn.Module
) -> np.ndarray:
    """Mean probability (E,) of each emotion, by the classifier, for latents moved to full strength towards it alone."""
    count = len(fitted.axes_)
    axes = AxisSet(
        "calibrated", tuple(map(str, range(count))), fitted.axes_, fitted.offsets_, distances, fitted.keep_norm, {},
        fitted.axes_ @ fitted.axes_.T, centres_of(fitted),
    )  # fmt: skip
    moved = [move(z, axes, strengths) for strengths in np.eye(count)]
    logits = [read_faces(generator, classifier, latents)[0] for latents in moved]
    return np.array([softmax(rows, axis=1)[:, e].mean() for e, rows in enumerate(logits)])


def centres_of(fitted: LatentAxes) -> Centres | None:
    """What the runtime needs of local axes; None for axes that move all faces alike."""
    if not isinstance(fitted, LocalAxes):
        return None
    return Centres(fitted.centres_, fitted.posterior_slopes_, fitted.posterior_intercepts_)


def centre_distances(centres: Centres) -> np.ndarray:
    """Mean distance (E,) of each emotion's centre from the others."""
    apart = np.linalg.norm(centres.latents[:, None] - centres.latents, axis=2)
    return apart.sum(axis=1) / (len(apart) - 1)


def moved_cosines(method: dict[str, Any]) -> np.ndarray:
    """Cosines (E, E) between what moves faces, for a method of `axes.json`: its axes, or its centres, seen from their
    middle, where faces move between centres."""
    if "centres" not in method:
        return np.array(method["cosine"])
    latents = np.array(method["centres"]["latents"])
    towards = unit_rows(latents - latents.mean(axis=0))
    return towards @ towards.T


def complete_distances(distances: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """For each column, the nearest distance (E,) whose value is within `COMPLETE` of the column's highest."""
    return distances[(curves >= curves.max(axis=0) - COMPLETE).argmax(axis=0)]


def load_axes(run: Path) -> dict[str, Any]:
    """`axes.json` of a run; `TrainError` when the stage has not run."""
    return read_json(run / "axes.json", made_by="axes")
