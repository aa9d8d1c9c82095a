"""Read the axes of a run or a bundle, ready to move latents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlgan_runtime.bundle.axes_json import parse_axes
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.graphs.end_finders import usable_axes
from tlgan_runtime.graphs.session import Engine
from tlgan_runtime.latent.axes import Axes
from tlgan_train.axes.learned_ends import found_by, load_paths
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.run_folder import read_json


def load_axes(run: Path) -> dict[str, Any]:
    """Return the content of a run's `axes.json`. Raises `TrainError` if the stage has not run."""
    return read_json(run / "axes.json", made_by="axes")


def load_moves(run: Path, emotions: tuple[str, ...], latent_dim: int, compute: Compute = ON_CPU) -> Axes:
    """Return the axes of a run, ready to move latents by any of its methods."""
    return parse_axes(
        load_axes(run),
        emotions,
        latent_dim,
        finder_of=lambda name, role, keeps: found_by(load_paths(run, compute)),
    )


def bundle_moves(path: Path) -> Axes:
    """Return the axes of a bundle, ready to move latents by any method for which it has the graphs."""
    return usable_axes(Bundle(path), Engine("cpu", None))
