"""Step I: train a GAN on the chosen characters (paper, sections 4.1 and 5.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tlgan_train.checks import check_gan
from tlgan_train.classifiers.classifier import Classifier
from tlgan_train.compute import distributed
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.config import Config
from tlgan_train.data.batches import Batches
from tlgan_train.data.dataset import Dataset
from tlgan_train.data.views import random_views
from tlgan_train.errors import TrainError, refuse
from tlgan_train.gan.log import NullLog, TrainingLog
from tlgan_train.gan.start import start_with
from tlgan_train.gan.state import GanState, build, label_arrays, label_names, load_checkpoint
from tlgan_train.gan.step import training_step, warmup_step
from tlgan_train.gan.warmup import end_warmup
from tlgan_train.gan.weights import CHECKPOINT, save
from tlgan_train.models.inference import to_tensor
from tlgan_train.sections import GanConfig


def train_gan(
    config: Config,
    dataset: Dataset,
    characters: tuple[str, ...],
    run: Path,
    log: Callable[[str], None] = print,
    progress: bool = True,
    compute: Compute | None = None,
    readers: tuple[Classifier, ...] = (),
) -> GanState:
    """Train on the training split of `characters`, and write `RUN/gan/`. Resume from the checkpoint there, if any.

    `compute` None stands for what this machine offers. A resumed run keeps the precision of its checkpoint. `readers`
    are trained classifiers for the perceptual loss, in eval mode.

    Processes that were joined before share every batch and end with the same weights. Only the first one writes.

    Raises `TrainError` if the losses are no longer finite, or if all samples become one picture. The last checkpoint
    then stays.
    """
    gan = config.gan
    folder = run / "gan"
    indices = dataset.indices("train", characters)
    refuse(check_gan(gan))
    images = gan.images or gan.epochs * len(indices)
    compute = compute or Compute.here(gan.precision)
    if gan.batch_size % compute.ranks:
        raise TrainError(f"gan.batch_size of {gan.batch_size} does not divide among {compute.ranks} processes")
    steps = -(-images // gan.batch_size)
    state = replace(build(config, dataset, characters, compute), readers=readers)
    if gan.perceptual_weight and not readers:
        raise TrainError("gan.perceptual_weight needs a trained classifier; give one, or set it to 0")
    precision = load_checkpoint(state, folder / CHECKPOINT)
    sets = label_names(dataset.emotions, characters, gan.label_sectors)
    if config.start and precision is None:
        start_with(state, config.start, sets, log)
    compute = replace(compute, precision=distributed.broadcast(precision or compute.precision))
    if state.step >= steps:
        return state
    arrays = label_arrays(dataset, characters, len(sets))
    batches = Batches(dataset, indices, gan.batch_size, gan.balanced, config.seed)
    place = f"{compute.device.type} {compute.precision}"
    every = max(1, gan.checkpoint_images // gan.batch_size)
    first, own_share = compute.rank == 0, slice(compute.rank, None, compute.ranks)
    record = TrainingLog(folder, state.step, steps, gan.batch_size, progress) if first else NullLog()
    with record, compute.hold_interrupts() as interrupts:
        log(f"{place}, {steps} steps of {gan.batch_size}, {len(indices):,} training pictures")
        try:
            while state.step < steps:
                picked = batches[state.step][own_share]
                stream = [config.seed, 2, state.step, compute.rank]
                torch.manual_seed(int(np.random.default_rng(stream).integers(2**63)))
                warming_up = state.step * gan.batch_size < gan.warmup_images
                if gan.warmup_images and not warming_up and state.encoder.training:
                    end_warmup(state, gan, dataset, indices, arrays, config.seed, log)
                set_step_sizes(state, gan, steps, warming_up)
                real = to_tensor(dataset.images[picked]).to(compute.device)
                real = mirrored(real) if gan.mirror else real
                losses = (warmup_step if warming_up else training_step)(
                    state, gan,
                    random_views(real, gan.augment) if gan.augment and warming_up else real,
                    tuple(compute.put(labels[picked]) for labels in arrays),
                    compute,
                )  # fmt: skip
                distributed.share_buffers(state.networks().values())
                state.step += 1
                record.step(state.step, losses)
                if first and (state.step % every == 0 or state.step == steps):
                    save(state, folder, config, compute.precision)
                if compute.interrupted(interrupts):
                    interrupts.release()
        except KeyboardInterrupt:
            if first:
                save(state, folder, config, compute.precision)
            log(f"stopped after {state.step * gan.batch_size:,} pictures; the same command resumes from there")
            raise
    return state


def check_start(config: Config, dataset: Dataset, characters: tuple[str, ...], run: Path) -> None:
    """Raise `TrainError` if training cannot start with the networks of `config.start`. Nothing is written.

    A run that has a checkpoint does not read them again.
    """
    if config.start and not (run / "gan" / CHECKPOINT).is_file():
        sets = label_names(dataset.emotions, characters, config.gan.label_sectors)
        start_with(build(config, dataset, characters, ON_CPU), config.start, sets, log=lambda _: None)


def set_step_sizes(state: GanState, gan: GanConfig, steps: int, warming_up: bool) -> None:
    """Set the step sizes of all optimisers. At the end of training and of the warm-up they fall, so weights settle."""
    end, decay = steps * gan.batch_size, gan.decay_images
    if warming_up:
        end, decay = gan.warmup_images, gan.warmup_decay_images
    share = min(1.0, (end - state.step * gan.batch_size) / decay) if decay else 1.0
    full = {"generator": gan.generator_lr, "discriminator": gan.discriminator_lr, "matrix": gan.matrix_lr}
    for name, optimiser in state.optimisers().items():
        for group in optimiser.param_groups:
            group["lr"] = share * full[name.removesuffix("_optimiser")]


def mirrored(pictures: Tensor) -> Tensor:
    """Return the pictures (N, 3, S, S), about half of them as mirror images."""
    turned = torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < 0.5
    return torch.where(turned, pictures.flip(3), pictures)
