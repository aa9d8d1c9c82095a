"""The motion `path`: a network finds the ends of each face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from torch import nn

from tlgan_runtime.latent.centres import BetweenCentres, Centres, EndFinder, ToEnds, even_pace
from tlgan_train.axes.calibration import LogitReader, paces, probabilities
from tlgan_train.axes.end_training import EndTrainer
from tlgan_train.axes.samples import Samples
from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.compute.seeds import seeded, stream_seed
from tlgan_train.errors import TrainError
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.ends import PathNetwork
from tlgan_train.run_folder import load_tensors, save_tensors


def train_paths(
    local: BetweenCentres,
    samples: Samples,
    generator: Generator,
    classifiers: Sequence[nn.Module],
    faces: int,
    seed: int,
    log: Callable[[str], None] = print,
    compute: Compute = ON_CPU,
) -> PathNetwork:
    """Train a network that finds the ends of each face, on `faces` moves of labelled latents, and return it."""
    network = seeded(lambda: PathNetwork.around(at_centres(local), samples.z), stream_seed(seed, "paths"))
    return EndTrainer(samples, generator, classifiers, compute).train(network, faces, seed, log)


def at_centres(local: BetweenCentres) -> Centres:
    """Return the centres of a local motion, with the centres themselves as targets and an even pace."""
    return replace(local.centres, targets=local.centres.latents, pace=even_pace(len(local.names)))


def learned_motion(
    local: BetweenCentres, network: PathNetwork, z: np.ndarray, read: LogitReader
) -> tuple[ToEnds, dict[str, Any]]:
    """Return the motion `path` to the ends of a network, and facts about its calibration.

    `z` are held-out latents, (N, latent_dim).
    """
    find, every = found_by(network), np.ones(len(local.names), bool)
    apart = np.linalg.norm(find(z, every, ~every) - z[:, None], axis=2)
    short = softmax(read(z), axis=1) < SUCCESS
    lengths = np.array([(to[of] if of.any() else to).mean() for to, of in zip(apart.T, short.T, strict=True)])
    path = ToEnds(local.names, local.directions, lengths, at_centres(local), find, keeps=True)
    facts = {
        "method": "path",
        "parameters": {},
        "calibration": "strength 1 leads to where the network says that a face shows the emotion completely; the "
        "mean distance there of faces that do not show it yet is given",
        "calibrated_probability": probabilities(path, z, read).mean(axis=0).tolist(),
    }
    return replace(path, centres=replace(path.centres, pace=paces(path, z, read))), facts


def found_by(network: PathNetwork) -> EndFinder:
    """Return a function that finds ends by a path network."""

    @torch.inference_mode()
    def find(z: np.ndarray, wanted: np.ndarray, kept: np.ndarray) -> np.ndarray:
        device = next(network.parameters()).device
        found = network(torch.from_numpy(z).to(device), torch.from_numpy(kept).float().to(device))
        ends: np.ndarray = found.cpu().numpy().astype(np.float64)
        return ends

    return find


def save_paths(network: PathNetwork, run: Path) -> None:
    """Write the path network of a run."""
    emotions, latent_dim = network.slopes.shape
    save_tensors(_path(run), network.state_dict(), {"emotions": emotions, "latent_dim": latent_dim})


def load_paths(run: Path, compute: Compute = ON_CPU) -> PathNetwork:
    """Return the path network of a run, in eval mode. Raises `TrainError` if there is none."""
    tensors, facts = load_tensors(_path(run), "axes")
    if "moving" in facts:
        axes = run / "axes.json"
        raise TrainError(f"{_path(run)} is of an earlier version; delete {axes} and run `tlgan-train axes` again")
    network = PathNetwork(**facts)
    network.load_state_dict(tensors)
    return compute.place(network).eval()


def _path(run: Path) -> Path:
    return run / "axes" / "paths.safetensors"
