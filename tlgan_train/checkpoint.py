"""Everything that GAN training changes, and its way to disk and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tlgan_train.models.dcgan import Discriminator, Generator
from tlgan_train.models.encoder import Encoder
from tlgan_train.run_folder import load_tensors, save_tensors

OPTIMISERS = ("generator_optimiser", "discriminator_optimiser")


@dataclass
class GanState:
    """Networks, optimisers and the number of steps done."""

    generator: Generator
    discriminator: Discriminator
    encoder: Encoder | None
    averaged: Generator
    generator_optimiser: torch.optim.Adam
    discriminator_optimiser: torch.optim.Adam
    step: int = 0

    def networks(self) -> dict[str, nn.Module]:
        named = {"generator": self.generator, "discriminator": self.discriminator, "averaged": self.averaged}
        return named if self.encoder is None else {**named, "encoder": self.encoder}


def save_checkpoint(state: GanState, path: Path, precision: str) -> None:
    """Write networks, Adam's moments and the step as one file."""
    tensors = {
        f"{name}.{key}": value for name, net in state.networks().items() for key, value in net.state_dict().items()
    }
    for name in OPTIMISERS:
        moments: dict[int, dict[str, Any]] = getattr(state, name).state_dict()["state"]
        tensors |= {f"{name}.{i}.{key}": v for i, values in moments.items() for key, v in values.items()}
    save_tensors(path, tensors, {"step": state.step, "precision": precision})


def load_checkpoint(state: GanState, path: Path) -> str | None:
    """Load a checkpoint into `state` if there is one; its precision, so that the rest is computed alike."""
    if not path.is_file():
        return None
    tensors, facts = load_tensors(path, made_by="gan")
    for name, network in state.networks().items():
        network.load_state_dict({k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")})
    for name in OPTIMISERS:
        optimiser: torch.optim.Adam = getattr(state, name)
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(f"{name}."):
                _, index, moment = key.split(".")
                moments.setdefault(int(index), {})[moment] = value
        optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
    state.step = facts["step"]
    return str(facts["precision"])
