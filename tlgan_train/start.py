"""The networks of a bundle, with which another training may start: written and read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.bundle.read import Bundle
from tlgan_train.errors import TrainError
from tlgan_train.run_folder import load_tensors, save_tensors

NETWORKS = "networks.safetensors"
"""The file in a bundle."""
HEADS = ("emotion.", "character.")
"""Beginnings of the names of a classifier's weights that belong to labels."""

LabelSets = tuple[tuple[str, ...], ...]
"""The names in each set of labels that has coordinates of its own: emotions, and characters if several are drawn."""


@dataclass(frozen=True)
class StartingNetworks:
    """What a bundle holds for another training."""

    weights: dict[str, Tensor]
    """By `network.weight`: of `generator`, `encoder`, `discriminator` and, for a residual one, `classifier`."""
    label_sets: LabelSets

    def of(self, network: str) -> dict[str, Tensor]:
        """Return the weights of one network by their own names; none if the bundle does not have it."""
        return {name.partition(".")[2]: value for name, value in self.weights.items() if name.startswith(f"{network}.")}


def save_networks(run: Path, sets: LabelSets, folder: Path) -> None:
    """Write averaged generator, encoder, discriminator and classifier of a run to a bundle, their weights in float16.

    The classifier is written without its heads, which belong to its labels; an AlexNet is left out for its size.
    """
    tensors, _ = load_tensors(run / "gan" / "checkpoint.safetensors", made_by="gan")
    kept = {}
    for name, value in tensors.items():
        network, _, key = name.partition(".")
        if network in ("averaged", "encoder", "discriminator") and not key.startswith("prior."):
            kept[f"{'generator' if network == 'averaged' else network}.{key}"] = value
    classifier, facts = load_tensors(run / "classifier" / "weights.safetensors", made_by="classifier")
    if facts["network"] == "residual":
        kept |= {f"classifier.{name}": value for name, value in classifier.items() if not name.startswith(HEADS)}
    halved = {name: value.half() if value.dim() >= 2 else value for name, value in kept.items()}
    save_tensors(folder / NETWORKS, halved, {"label_sets": sets})


def read_networks(source: str) -> StartingNetworks:
    """Read the networks of a bundle, by path or name. Raises `TrainError` if it holds none, or damaged ones."""
    bundle = Bundle(find_bundle(source))
    if "networks" not in bundle.roles:
        raise TrainError(
            f"{source} has no {NETWORKS}, with which training could start; export it again from its run folder, or "
            "take another bundle"
        )
    content = bundle.read("networks")
    try:
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return StartingNetworks(load(content), tuple(map(tuple, json.loads(header["__metadata__"]["label_sets"]))))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TrainError(f"{NETWORKS} in {source} is damaged ({error}); export the bundle again") from None
