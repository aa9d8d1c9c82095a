"""Reads the axes of a run or a bundle, ready to move latents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from tlgan_runtime.bundle.axes_json import parse_axes
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.graphs.end_finders import usable_axes
from tlgan_runtime.graphs.session import Engine
from tlgan_runtime.latent.axes import Axes, EndFinder
from tlgan_runtime.latent.descent import Pull, follow
from tlgan_runtime.latent.ends import GRADIENT, PATHS, join_ends
from tlgan_train.axes.gradient import GradientGraph
from tlgan_train.axes.learned_ends import found_by, load_paths
from tlgan_train.axes.samples import READ_BATCH
from tlgan_train.classifiers.classifier import load_classifier
from tlgan_train.models.dcgan import Generator
from tlgan_train.run_folder import read_json


def load_axes(run: Path) -> dict[str, Any]:
    """`axes.json` of a run; `TrainError` when the stage has not run."""
    return read_json(run / "axes.json", made_by="axes")


def load_moves(run: Path, emotions: tuple[str, ...], generator: Generator) -> Axes:
    """`axes.json` of a run, ready to move latents by any of its methods."""
    axes = parse_axes(load_axes(run), emotions, generator.latent_dim)
    finders: dict[str, EndFinder] = {}
    if any(method.ends is not None for method in axes.methods.values()):
        finders[PATHS] = found_by(load_paths(run))
        finders[GRADIENT] = guided_by(GradientGraph(generator, load_classifier(run)), finders[PATHS])
    return join_ends(axes, finders)


def bundle_moves(path: Path) -> Axes:
    """Axes of a bundle, ready to move latents by any method whose graphs it has."""
    return usable_axes(Bundle(path), Engine("cpu", None))


def guided_by(graph: GradientGraph, begin: EndFinder) -> EndFinder:
    """The ends that descent along a gradient makes of others."""
    graph = graph.eval()
    characters = graph.classifier.character[-1].out_features

    @torch.inference_mode()
    def gradient(*given: np.ndarray) -> Pull:
        device = next(graph.parameters()).device
        chunks = zip(*(torch.from_numpy(array).to(device).split(READ_BATCH) for array in given), strict=True)
        parts = [graph(*chunk) for chunk in chunks]
        return Pull(*(torch.cat(outputs).cpu().numpy() for outputs in zip(*parts, strict=True)))

    return lambda z, wanted, kept: follow(z, begin(z, wanted, kept), wanted, kept, characters, gradient)
