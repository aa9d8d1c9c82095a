"""Steps IV and V: fit one axis an emotion, keep the axes apart, and find how far each has to go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax
from torch import nn

from tlgan_runtime.axes import AXES_SCHEMA_VERSION, AxisSet, parse_axes
from tlgan_runtime.latent import move
from tlgan_train.config import Config
from tlgan_train.errors import TrainError
from tlgan_train.latent_axes import METHODS, LatentAxes, PaperAxes, unit_rows
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
    for name, method in METHODS.items():
        fitted = method().fit(z, y)
        r2 = fitted.score(samples.z[:held_out], samples.emotion[:held_out])
        farthest = PAPER_DISTANCE if name == "paper" else config.axes.max_distance
        distances, curves = sweep(fitted, samples.z[: config.axes.calibration_faces], farthest, generator, classifier)
        strengths = complete_distances(distances, curves)
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
                "calibration": f"nearest distance within {COMPLETE} of the highest mean probability by the classifier",
                "calibration_faces": config.axes.calibration_faces,
                "calibrated_probability": curves[np.searchsorted(distances, strengths), range(len(emotions))].tolist(),
                "cosine_before": (slopes @ slopes.T).tolist(),
            },
            "cosine": (fitted.axes_ @ fitted.axes_.T).tolist(),
        }
        reached = ", ".join(
            f"{emotion} {curves[:, e].max():.2f} at {strengths[e]:.1f}" for e, emotion in enumerate(emotions)
        )
        log(f"{name}: held-out R² {r2.mean():.2f}; mean probability and distance: {reached}")
    parse_axes(document, emotions, samples.z.shape[1])
    write_json(run / "axes.json", document)
    return document


def sweep(
    fitted: LatentAxes, z: np.ndarray, farthest: float, generator: Generator, classifier: nn.Module
) -> tuple[np.ndarray, np.ndarray]:
    """Distances (K,) and the mean probability (K, E) of each emotion for latents moved that far along its axis."""
    distances = np.linspace(0, farthest, CALIBRATION_POINTS + 1)[1:]
    count = len(fitted.axes_)
    names = tuple(str(e) for e in range(count))
    axes = AxisSet(
        "swept",
        names,
        fitted.axes_,
        fitted.offsets_,
        np.ones(count),
        fitted.keep_norm,
        {},
        fitted.axes_ @ fitted.axes_.T,
    )
    curves = np.empty((len(distances), count))
    for e in range(count):
        for k, distance in enumerate(distances):
            logits, _ = read_faces(generator, classifier, move(z, axes, distance * np.eye(count)[e]))
            curves[k, e] = softmax(logits, axis=1)[:, e].mean()
    return distances, curves


def complete_distances(distances: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """For each column, the nearest distance (E,) whose value is within `COMPLETE` of the column's highest."""
    return distances[(curves >= curves.max(axis=0) - COMPLETE).argmax(axis=0)]


def load_axes(run: Path) -> dict[str, Any]:
    """`axes.json` of a run; `TrainError` when the stage has not run."""
    return read_json(run / "axes.json", made_by="axes")
