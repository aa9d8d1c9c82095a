"""Steps IV and V: fit an axis for each emotion, separate the axes, and calibrate them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from torch import nn

from tlgan_runtime.bundle.axes_json import axes_document, parse_axes
from tlgan_runtime.latent.axes import Axes
from tlgan_runtime.latent.centres import BetweenCentres, FittedMotion
from tlgan_train.axes.calibration import LogitReader, calibrate
from tlgan_train.axes.learned_ends import learned_motion, save_paths, train_paths
from tlgan_train.axes.regression import METHODS, LatentAxes, LocalAxes, LogitAxes, unit_rows
from tlgan_train.axes.samples import Samples, read_faces
from tlgan_train.checks import check_axes
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.config import Config
from tlgan_train.errors import refuse
from tlgan_train.models.dcgan import Generator
from tlgan_train.run_folder import write_json

PAPER_DISTANCE = 30.0
"""Largest distance for the method `paper`, because the published code sweeps k up to 29.9."""


def fit_axes(
    config: Config,
    samples: Samples,
    emotions: tuple[str, ...],
    generator: Generator,
    classifier: nn.Module,
    run: Path,
    log: Callable[[str], None] = print,
    drawn: Mapping[str, int] = MappingProxyType({}),
    coaches: Sequence[nn.Module] = (),
    compute: Compute = ON_CPU,
) -> None:
    """Fit every method on a part of (Z, Y), score and calibrate it on the rest, and write `RUN/axes.json`.

    Args:
        drawn: the characters that the generator draws, with their columns in the samples. With two or more, the axes
            `local` do not change the character, and moves from one character to another are fitted as well.
        coaches: classifiers that the ends of `path` must convince, in addition to `classifier`.
        compute: the one that placed the networks.
    """
    refuse(check_axes(config.axes, len(samples.z)))
    held_out, fitting = samples.split(config.axes.held_out_share)
    columns = list(drawn.values())
    several = len(columns) > 1
    faces = held_out.z[: config.axes.calibration_faces]

    def logits(of: Samples, kind: str) -> np.ndarray:
        return of.emotion if kind == "emotion" else of.character[:, columns]

    slopes = {}
    if several:
        slopes = {kind: LogitAxes().fit(fitting.z, logits(fitting, kind)).slopes_ for kind in ("emotion", "character")}

    def reading(kind: str) -> LogitReader:
        def read(latents: np.ndarray) -> np.ndarray:
            return logits(Samples(latents, *read_faces(generator, classifier, latents)), kind)

        return read

    facts: dict[str, dict[str, Any]] = {}

    def fitted_motion(kind: str, name: str, method: LatentAxes) -> FittedMotion:
        z, y = fitting.z, logits(fitting, kind)
        kept = slopes["character" if kind == "emotion" else "emotion"] if several else None
        fitted = method.fit(z, y, kept) if isinstance(method, LocalAxes) else method.fit(z, y)
        farthest = PAPER_DISTANCE if name == "paper" else config.axes.max_distance
        names = emotions if kind == "emotion" else tuple(drawn)
        calibrated = calibrate(fitted, names, faces, farthest, reading(kind))
        r2 = fitted.score(held_out.z, logits(held_out, kind))
        figures = ", ".join(
            f"{n} {p:.2f} at {k:.1f}"
            for n, p, k in zip(names, calibrated.probability, calibrated.motion.lengths, strict=True)
        )
        log(f"{name}: held-out R² {r2.mean():.2f}; mean probability and distance: {figures}")
        before = unit_rows(fitted.slopes_)
        facts[name] = {
            "method": type(fitted).__name__,
            "parameters": fitted.get_params(),
            "samples": min(len(z), getattr(fitted, "samples", len(z))),
            "held_out_r2": r2.tolist(),
            "calibration": calibrated.words,
            "calibration_faces": len(faces),
            "calibrated_probability": calibrated.probability.tolist(),
            "cosine_before": (before @ before.T).tolist(),
        }
        return calibrated.motion

    methods = {name: fitted_motion("emotion", name, method()) for name, method in METHODS.items()}
    characters = None
    if several and set(drawn) & set(emotions):
        log("no moves between characters: they have names of emotions, so a mix would be ambiguous")
    elif several:
        characters = fitted_motion("character", "characters", LocalAxes())
    if config.axes.path_moves:
        local = methods["local"]
        assert isinstance(local, BetweenCentres)
        network = train_paths(
            local, fitting, generator, (classifier, *coaches), config.axes.path_moves, config.seed, log, compute,
        )  # fmt: skip
        save_paths(network, run)
        methods["path"], found = learned_motion(local, network, faces, reading("emotion"))
        facts["path"] = {**facts["local"], **found}
    document = axes_document(Axes(config.axes.method, methods, characters), samples.z.shape[1], facts)
    parse_axes(document, emotions, samples.z.shape[1])
    write_json(run / "axes.json", document)


def moved_cosines(method: dict[str, Any]) -> np.ndarray:
    """Return the cosines (E, E) between the axes of a method of `axes.json`.

    For motions between centres, they are the cosines between centres as seen from their middle.
    """
    towards = np.array(method["directions"])
    if "centres" in method:
        latents = np.array(method["centres"]["latents"])
        towards = unit_rows(latents - latents.mean(axis=0))
    return towards @ towards.T
