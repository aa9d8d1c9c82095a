"""Train the head on pictures drawn again. All other networks stay as they are, so codes, axes and verdicts do, too."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tlgan_train.compute.compute import Compute
from tlgan_train.compute.seeds import stream_seed
from tlgan_train.config import Config, HeadConfig
from tlgan_train.data.batches import Batches
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.gan.weights import load_encoder, load_generator
from tlgan_train.head.figures import figures
from tlgan_train.head.losses import in_range, losses
from tlgan_train.head.weights import save_head
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.head import Head
from tlgan_train.models.inference import predict, to_tensor
from tlgan_train.run_folder import write_json

LOGGED = 100
"""Steps between log lines."""
FALL = 0.3
"""Last share of the steps, in which the step size falls to 0 in a straight line."""


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
    optimiser = new_optimiser(head, settings)
    batches = Batches(dataset, indices, settings.batch_size, balanced=True, seed=stream_seed(config.seed, "sprites"))
    steps = math.ceil(settings.images / settings.batch_size)
    log(f"{sprites.size} pixels, {'with' if sprites.channels == 4 else 'without'} alpha, {steps} steps")
    head.train()
    means: dict[str, list[Tensor]] = {}
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = settings.lr * min(1, (steps - step) / (FALL * steps))
        chosen = batches[step]
        z = codes[places[chosen]].to(device)
        found = head_step(generator, head, optimiser, z, dataset.sprites_of(chosen), background)
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
    write_json(run / "head" / "metrics.json", measured)
    log(", ".join(f"{name} {value:.3g}" for name, value in measured.items()))
    return head


def head_step(
    generator: Generator,
    head: Head,
    optimiser: torch.optim.Optimizer,
    codes: Tensor,
    sprites: np.ndarray,
    background: Tensor,
) -> dict[str, Tensor]:
    """Update a head on codes (N, latent_dim) of pictures, uint8 (N, S, S, 4), and return the losses."""
    with torch.no_grad():
        features = generator.features(codes)
        small = generator.layers[-2:](features)
    found = losses(head(features), to_tensor(sprites, background.device), small, background)
    optimiser.zero_grad(set_to_none=True)
    torch.stack(list(found.values())).sum().backward()
    optimiser.step()
    return {name: loss.detach() for name, loss in found.items()}


def new_optimiser(head: Head, settings: HeadConfig) -> torch.optim.Optimizer:
    """Return the optimiser of a head."""
    return torch.optim.Adam(head.parameters(), settings.lr, betas=(0.9, 0.99))


def has_head(config: Config, dataset: Dataset) -> bool:
    """Return whether a run has a head: its pictures are larger than other networks see, or transparent."""
    return dataset.sprites is not None and bool(config.head.images and config.gan.reconstruction_weight)


def new_head(generator: Generator, dataset: Dataset) -> Head:
    """Return a new head that draws sprites of a data set from the features of a generator."""
    assert dataset.sprites is not None
    width = generator.layers[-2].in_channels
    return Head(width, generator.image_size // 2, dataset.sprites.size, dataset.sprites.channels)
