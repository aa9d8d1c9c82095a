"""Train the head on pictures drawn again. All other networks stay as they are, so codes, axes and verdicts do, too."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from tlgan_train.compute.compute import Compute
from tlgan_train.compute.seeds import stream_seed
from tlgan_train.config import Config
from tlgan_train.data.batches import Batches
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.gan.muon import Muon, divided
from tlgan_train.gan.weights import load_encoder, load_generator
from tlgan_train.head.figures import figures
from tlgan_train.head.losses import ENLARGING, SAME_SIZE, in_range, losses
from tlgan_train.head.weights import METRICS, save_head
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.head import Head, Window
from tlgan_train.models.inference import predict, to_tensor
from tlgan_train.run_folder import write_json
from tlgan_train.sections import HeadConfig

LOGGED = 200
"""Steps between log lines."""
FALL = 0.3
"""Last share of the steps, in which step sizes fall to 0 in a straight line."""
COPIED = 0.1
"""Step size of the layers that come from the generator, as a share of that of new layers."""
WINDOW = 8
"""Side of the part of each picture that a step compares, in places of the last hidden layer. Most of the time goes into
pixels, and the same number of them teaches more when they are of more pictures."""


def train_head(
    config: Config,
    dataset: Dataset,
    characters: tuple[str, ...],
    run: Path,
    compute: Compute,
    log: Callable[[str], None] = print,
) -> Head:
    """Train the head of a run on the training split of `characters`, and write `RUN/head/`. Returns it in eval mode.

    The generator draws each picture again from its code, and the head draws the sprite from the same features. Raises
    `TrainError` if the pictures have no sprites, if the run has no encoder, or if a loss is no longer finite.
    """
    settings, sprites = config.head, dataset.sprites
    generator, encoder = load_generator(run, compute), load_encoder(run, compute)
    if sprites is None or encoder is None:
        raise TrainError("a head needs larger or transparent pictures, and an encoder")
    start, device = time.monotonic(), compute.device
    indices = dataset.indices("train", characters)
    codes = torch.from_numpy(predict(encoder, dataset.images, indices)[0])
    places = np.full(len(dataset.images), -1)
    places[indices] = np.arange(len(indices))
    torch.manual_seed(stream_seed(config.seed, "head"))
    head = new_head(generator, dataset)
    compute.place(head).to(memory_format=torch.channels_last)
    background = in_range(dataset.background, device)
    optimisers = new_optimisers(head, settings)
    batches = Batches(dataset, indices, settings.batch_size, balanced=True, seed=stream_seed(config.seed, "sprites"))
    steps = math.ceil(settings.images / settings.batch_size)
    schedules = [LambdaLR(one, lambda step: min(1, (steps - step) / (FALL * steps))) for one in optimisers]
    log(f"{sprites.size} pixels, {'with' if sprites.channels == 4 else 'without'} alpha, {steps} steps")
    head.train()
    means: dict[str, list[Tensor]] = {}
    for step in range(steps):
        chosen = batches[step]
        z = codes[places[chosen]].to(device)
        found = head_step(generator, head, optimisers, z, dataset.sprites_of(chosen), background, compute)
        for schedule in schedules:
            schedule.step()
        for name, loss in found.items():
            means.setdefault(name, []).append(loss)
        if (step + 1) % LOGGED and step + 1 < steps:
            continue
        levels = {name: 255 * torch.stack(values).mean().item() for name, values in means.items()}
        if not all(map(math.isfinite, levels.values())):
            raise TrainError(f"training the head broke down by step {step + 1}; try a lower head.lr")
        speed = (step + 1) * settings.batch_size / (time.monotonic() - start)
        shown = ", ".join(f"{name} {level:.2f}" for name, level in levels.items())
        log(f"step {step + 1}: differences in levels: {shown}; {speed:.0f} images/s")
        means = {}
    head.eval()
    save_head(head, run)
    measured = figures(generator, encoder, head, dataset, characters)
    write_json(run / METRICS, measured)
    log(", ".join(f"{name} {value:.3g}" for name, value in measured.items()))
    return head


def head_step(
    generator: Generator,
    head: Head,
    optimisers: tuple[torch.optim.Optimizer, ...],
    codes: Tensor,
    sprites: np.ndarray,
    background: Tensor,
    compute: Compute,
) -> dict[str, Tensor]:
    """Update a head on a part of pictures, uint8 (N, S, S, 4), with codes (N, latent_dim). Returns the losses."""
    places = 2 * head.feature_size
    side = min(WINDOW, places)
    window = Window(*torch.randint(places - side + 1, (2,)).tolist(), side)
    with compute.autocast():
        with torch.no_grad():
            features = generator.features(codes)
            small = window.of(generator.last_layers(features), places).float()
        drawn = head(features, window)
    wanted = to_tensor(sprites[:, *window.slices(sprites.shape[1], places)], background.device)
    found = losses(drawn, wanted, small, background)
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    weights = ENLARGING if head.image_size > generator.image_size else SAME_SIZE
    torch.stack([weights[name] * loss for name, loss in found.items()]).sum().backward()
    for optimiser in optimisers:
        optimiser.step()
    return {name: loss.detach() for name, loss in found.items()}


def new_optimisers(head: Head, settings: HeadConfig) -> tuple[torch.optim.Optimizer, ...]:
    """Return the optimisers of a head: Muon for its matrices, unless `head.matrix_lr` is 0, and Adam for the rest."""
    by_muon, by_adam = [], []
    copied, new = [head.hidden, head.colours], [head.doubling, head.norm, head.mixing, head.squares]
    for share, layers in ((COPIED, copied), (1.0, new)):
        matrices, others = divided(layers)
        if not settings.matrix_lr:
            matrices, others = [], [*matrices, *others]
        by_muon.append({"params": matrices, "lr": share * settings.matrix_lr})
        by_adam.append({"params": others, "lr": share * settings.lr})
    return Muon(by_muon, settings.matrix_lr), torch.optim.Adam(by_adam, betas=(0.9, 0.99))


def has_head(config: Config, dataset: Dataset) -> bool:
    """Return whether a run has a head: its pictures are larger than other networks see, or transparent."""
    return dataset.sprites is not None and bool(config.head.images and config.gan.reconstruction_weight)


def new_head(generator: Generator, dataset: Dataset) -> Head:
    """Return a new head that draws sprites of a data set from the features of a generator."""
    assert dataset.sprites is not None
    return Head.copied_from(generator, dataset.sprites.size, dataset.sprites.channels)
