"""The state of GAN training: networks, optimisers and the step; and its checkpoints on disk."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tlgan_train.classifiers.classifier import Classifier
from tlgan_train.compute.compute import Compute
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.gan.muon import Muon, divided
from tlgan_train.models.dcgan import Discriminator, Generator
from tlgan_train.models.encoder import Encoder
from tlgan_train.models.prior import Prior
from tlgan_train.run_folder import load_tensors, save_tensors

USUAL_LATENT_DIM, FREE_DIM = 64, 48
"""Length of a latent if the settings leave it open, and how many of its coordinates are free of labels at least. The
shipped bundles have 64, of which six characters with seven emotions leave 53."""
ALL_CODES = 8_192
"""Most codes that the prior keeps of all classes together: 2 MiB of a bundle."""


@dataclass
class GanState:
    """Networks, optimisers and the number of steps done."""

    generator: Generator
    discriminator: Discriminator
    encoder: Encoder | None
    averaged: Generator
    generator_optimiser: torch.optim.Adam
    """Of G and E, except for the weights of `matrix_optimiser`."""
    matrix_optimiser: Muon | None
    discriminator_optimiser: torch.optim.Adam
    step: int = 0
    readers: tuple[Classifier, ...] = ()
    """Trained classifiers for the perceptual loss, which do not change. They take turns."""

    @property
    def reader(self) -> Classifier:
        """The one of `readers` whose turn it is."""
        return self.readers[self.step % len(self.readers)]

    def networks(self) -> dict[str, nn.Module]:
        """Return all networks by name."""
        named = {"generator": self.generator, "discriminator": self.discriminator, "averaged": self.averaged}
        return named if self.encoder is None else {**named, "encoder": self.encoder}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return all optimisers by name."""
        named = {
            "generator_optimiser": self.generator_optimiser,
            "matrix_optimiser": self.matrix_optimiser,
            "discriminator_optimiser": self.discriminator_optimiser,
        }
        return {name: optimiser for name, optimiser in named.items() if optimiser is not None}


def save_checkpoint(state: GanState, path: Path, precision: str) -> None:
    """Write networks, moments of gradients, the step and the precision to one file."""
    tensors = {
        f"{name}.{key}": value for name, net in state.networks().items() for key, value in net.state_dict().items()
    }
    for name, optimiser in state.optimisers().items():
        moments: dict[int, dict[str, Any]] = optimiser.state_dict()["state"]
        tensors |= {f"{name}.{i}.{key}": v for i, values in moments.items() for key, v in values.items()}
    save_tensors(path, tensors, {"step": state.step, "precision": precision})


def load_checkpoint(state: GanState, path: Path) -> str | None:
    """Load a checkpoint into `state`, and return its precision, in which training must continue.

    Returns None, and changes nothing, if there is no checkpoint.
    """
    if not path.is_file():
        return None
    tensors, facts = load_tensors(path, made_by="gan")
    for name, network in state.networks().items():
        network.load_state_dict({k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")})
    for name, optimiser in state.optimisers().items():
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(f"{name}."):
                _, index, moment = key.split(".")
                moments.setdefault(int(index), {})[moment] = value
        optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
    state.step = facts["step"]
    return str(facts["precision"])


def label_names(
    emotions: tuple[str, ...], characters: tuple[str, ...], label_sectors: bool = True
) -> tuple[tuple[str, ...], ...]:
    """Return the names in each set of labels that has sectors: emotions and, if several are drawn, characters."""
    if not label_sectors:
        return ()
    return (emotions, characters) if len(characters) > 1 else (emotions,)


def label_arrays(dataset: Dataset, characters: tuple[str, ...], sets: int) -> tuple[np.ndarray, ...]:
    """Return the label of each picture in the first `sets` sets of labels, int (N,) each.

    The character label is -1 for pictures of characters that are not drawn.
    """
    position = np.full(len(dataset.characters), -1)
    position[[dataset.characters.index(name) for name in characters]] = np.arange(len(characters))
    return (dataset.emotion, position[dataset.character])[:sets]


def build(config: Config, dataset: Dataset, characters: tuple[str, ...], compute: Compute) -> GanState:
    """Return new networks and optimisers, initialised from the seed. Raises `TrainError` for too few dimensions."""
    gan, size = config.gan, dataset.image_size
    torch.manual_seed(config.seed)
    sizes = tuple(map(len, label_names(dataset.emotions, characters, gan.label_sectors)))
    latent_dim = gan.latent_dim or max(USUAL_LATENT_DIM, FREE_DIM + sum(size - 1 for size in sizes))
    drawn = dataset.indices("train", characters)
    largest = (1 + gan.mirror) * (int(np.bincount(dataset.classes[drawn]).max()) if sizes else len(drawn))
    codes = gan.codes and max(1, min(gan.codes, largest, ALL_CODES // int(np.prod(sizes))))
    try:
        prior = Prior(sizes, latent_dim, gan.sector_push, codes)
    except ValueError as error:
        raise TrainError(f"gan.latent_dim is too small: {error}") from None
    generator = Generator(latent_dim, gan.generator_width, size, gan.mapping_width, prior)
    discriminator = Discriminator(gan.discriminator_width, size, gan.discriminator_norm, sizes)
    encoder = (
        Encoder(latent_dim, gan.discriminator_width, size, gan.mapping_width) if gan.reconstruction_weight else None
    )
    averaged = Generator(latent_dim, gan.generator_width, size, gan.mapping_width, deepcopy(prior))
    averaged.load_state_dict(generator.state_dict())
    averaged.requires_grad_(False)
    for network in (generator, discriminator, encoder, averaged):
        if network is not None:
            compute.place(network).to(memory_format=torch.channels_last)
    drawing = [network for network in (generator, encoder) if network is not None]
    matrices, others = divided(drawing) if gan.matrix_lr else ([], [p for net in drawing for p in net.parameters()])
    betas = (gan.beta1, gan.beta2)
    return GanState(
        generator, discriminator, encoder, averaged,
        torch.optim.Adam(others, gan.generator_lr, betas),
        Muon(matrices, gan.matrix_lr) if matrices else None,
        torch.optim.Adam(discriminator.parameters(), gan.discriminator_lr, betas),
    )  # fmt: skip
