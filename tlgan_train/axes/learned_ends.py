"""Learned ends: a network that is trained, through generator and classifier, to complete every face's every emotion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from torch import Tensor, nn
from torch.nn import functional

from tlgan_runtime.latent.centres import BetweenCentres, Centres, EndFinder, ToEnds, even_pace
from tlgan_train.axes.calibration import Read, paces, probabilities
from tlgan_train.axes.likeness import Likeness
from tlgan_train.axes.samples import Samples
from tlgan_train.classifiers.augment import augment
from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.compute.device import pick_device
from tlgan_train.compute.seeds import seeded, stream_seed
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.ends import PathNetwork
from tlgan_train.run_folder import load_tensors, save_tensors

BATCH = 64
LR = 1e-3
"""Peak of Adam's step size; it falls to 0 in a line."""
STAY = 0.03
"""Weight of staying near the face's mirror image, beside cross-entropies: faces are mirrored onto faces."""
ALIKE = 0.3
"""Weight of being like pictures of the emotion."""
KEEP = 1.0
"""Weight of keeping what is to be kept."""
KEPT = 0.25
"""Chance of each other emotion to be kept, where that is learned."""
KINDS = 2
"""Emotions in a batch: enough ends of each to be compared with pictures of it."""


def train_paths(
    local: BetweenCentres,
    samples: Samples,
    generator: Generator,
    classifiers: Sequence[nn.Module],
    faces: int,
    seed: int,
    log: Callable[[str], None] = print,
    likeness: Likeness | None = None,
) -> PathNetwork:
    """Train on `faces` moves of labelled latents, and then on half as many that keep some of what a face shows.

    For a face and an emotion drawn at random, the end has to show the emotion and the character of before to all
    classifiers, which see it changed as in their own training (a network that reads clean pictures is easily fooled),
    and to stay near the face's mirror image between the centres of `local`; with `likeness`, ends have to be like
    pictures of the emotion, too. Where emotions are kept, the end has to show them as far as the face did, and the
    wanted one beside them. Where the generator's prior has labels, only their coordinates move: pose, gaze and light
    are in the others.
    """
    device, stream = pick_device(), stream_seed(seed, "paths")
    network = seeded(lambda: PathNetwork.around(at_centres(local), samples.z, generator.prior.movable), stream)
    network.to(device)
    generator.to(device).requires_grad_(False)
    for classifier in classifiers:
        classifier.to(device).requires_grad_(False)
    if likeness:
        likeness.to(device)
    latents = torch.from_numpy(samples.z).to(device)
    shown, character = (
        torch.from_numpy(logits).softmax(dim=1).to(device) for logits in (samples.emotion, samples.character)
    )
    weights = torch.tensor([1.0, 1.0, STAY, ALIKE, KEEP], device=device)
    count = len(local.names)

    def learn(layers: nn.Sequential, order: torch.Generator, faces: int, keeping: bool) -> list[float]:
        optimiser, steps = torch.optim.Adam(layers.parameters(), LR), -(-faces // BATCH)
        sums = torch.zeros(len(weights))
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = LR * (1 - step / steps)
            chosen = torch.randint(len(latents), (BATCH,), generator=order)
            emotion = torch.randint(count, (KINDS,), generator=order)[torch.arange(BATCH) % KINDS]
            keep = torch.zeros(BATCH, count)
            if keeping:
                keep = (torch.rand(BATCH, count, generator=order) < KEPT).float()
                keep[torch.arange(BATCH), emotion] = 0
            losses = end_losses(
                network, latents[chosen], emotion.to(device), keep.to(device), shown[chosen], character[chosen],
                generator, classifiers, order, None if keeping else likeness,
            )  # fmt: skip
            optimiser.zero_grad(set_to_none=True)
            (weights * losses).sum().backward()
            optimiser.step()
            sums = 0.99 * sums + 0.01 * losses.detach().cpu()
        return (sums / (1 - 0.99**steps)).tolist()

    emotion, who, off, unlike, _ = learn(network.better, torch.Generator().manual_seed(stream), faces, keeping=False)
    log(
        f"path: {faces:,} moves, cross-entropy of emotion {emotion:.3f} and character {who:.3f}, "
        f"{off:.2f} off, {unlike:.3f} unlike pictures"
    )
    network.better.requires_grad_(False)
    order = torch.Generator().manual_seed(stream_seed(seed, "paths that keep"))
    emotion, who, off, _, kept = learn(network.keeping, order, -(-faces // 2), keeping=True)
    log(
        f"path, keeping emotions: cross-entropy of emotion {emotion:.3f}, of what is kept {kept:.3f} and of character "
        f"{who:.3f}, {off:.2f} off"
    )
    return network.eval().cpu()


def end_losses(
    network: PathNetwork,
    z: Tensor,
    emotion: Tensor,
    keep: Tensor,
    shown: Tensor,
    character: Tensor,
    generator: Generator,
    classifiers: Sequence[nn.Module],
    changes: torch.Generator,
    likeness: Likeness | None = None,
) -> Tensor:
    """(5,) means over faces: cross-entropies, over all classifiers, of the emotion and of the character, how far the
    end is from the mirror image, how unlike pictures of the emotion (0 without `likeness`), and the cross-entropy of
    what was `shown` (N, E) of emotions to `keep` (N, E), which is 1 for those.

    Where some are kept the emotion has to be the likeliest of the others. How far is √(1 + d²) - 1 of a distance d.
    Were it d², the few faces whose ends lie far would be held back most.
    """
    rows = torch.arange(len(z))
    beyond = network.beyond(z, keep)
    clean = generator(network.ends(z, keep, beyond)[rows, emotion])
    faces = augment(clean, changes)
    seen, who = (torch.cat(logits) for logits in zip(*(read(faces) for read in classifiers), strict=True))
    count = len(classifiers)
    others = seen.masked_fill(keep.repeat(count, 1) > 0, -torch.inf)
    staying = functional.log_softmax(seen, dim=1) * (shown * keep).repeat(count, 1)
    return torch.stack(
        [
            functional.cross_entropy(others, emotion.repeat(count)),
            functional.cross_entropy(who, character.repeat(count, 1)),
            (beyond[rows, emotion].square().sum(dim=1) + 1).sqrt().mean() - 1,
            likeness(clean, emotion) if likeness else clean.new_zeros(()),
            -staying.sum(dim=1).mean(),
        ]
    )


def at_centres(local: BetweenCentres) -> Centres:
    """The centres of a local motion with themselves as targets, at an even pace."""
    return replace(local.centres, targets=local.centres.latents, pace=even_pace(len(local.names)))


def learned_motion(
    local: BetweenCentres, network: PathNetwork, z: np.ndarray, read: Read
) -> tuple[ToEnds, dict[str, Any]]:
    """The motion `path` to the ends of a network, and how it was calibrated: on faces (N, latent_dim) that nothing was
    fitted to."""
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
    """The ends that a path network finds."""

    @torch.inference_mode()
    def find(z: np.ndarray, wanted: np.ndarray, kept: np.ndarray) -> np.ndarray:
        ends: np.ndarray = network(torch.from_numpy(z), torch.from_numpy(kept).float()).numpy().astype(np.float64)
        return ends

    return find


def save_paths(network: PathNetwork, run: Path) -> None:
    emotions, latent_dim = network.slopes.shape
    facts = {"emotions": emotions, "latent_dim": latent_dim, "moving": network.towards.shape[2]}
    save_tensors(_path(run), network.state_dict(), facts)


def load_paths(run: Path) -> PathNetwork:
    """The path network of a run, in eval mode; `TrainError` when there is none."""
    tensors, facts = load_tensors(_path(run), "axes")
    network = PathNetwork(**facts)
    network.load_state_dict(tensors)
    return network.eval()


def _path(run: Path) -> Path:
    return run / "axes" / "paths.safetensors"
