"""Begin training with the networks of a bundle, so that eyes, mouths and edges need not be learned from nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.bundle.read import Bundle
from tlgan_train.errors import TrainError
from tlgan_train.gan.state import GanState
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.encoder import Encoder
from tlgan_train.run_folder import load_tensors, save_tensors

NETWORKS = "networks.safetensors"
"""The file in a bundle."""
LEAST_FIT = 0.5
"""Share of the weights that must fit. With fewer, training would as good as begin from nothing."""

LabelSets = tuple[tuple[str, ...], ...]
"""The names in each set of labels that has coordinates of its own: emotions, and characters if several are drawn."""


def save_networks(run: Path, sets: LabelSets, folder: Path) -> None:
    """Write averaged generator, encoder and discriminator of a run to a bundle, their weights in float16."""
    tensors, _ = load_tensors(run / "gan" / "checkpoint.safetensors", made_by="gan")
    kept = {}
    for name, value in tensors.items():
        network, _, key = name.partition(".")
        if network in ("averaged", "encoder", "discriminator") and not key.startswith("prior."):
            network = "generator" if network == "averaged" else network
            kept[f"{network}.{key}"] = value.half() if value.dim() >= 2 else value
    save_tensors(folder / NETWORKS, kept, {"label_sets": sets})


def start_with(state: GanState, source: str, sets: LabelSets, log: Callable[[str], None]) -> None:
    """Load the networks of a bundle, by path or name, into those of `state`, where their shapes fit.

    Coordinates of labels are taken over from sets with the same names, and the other coordinates as far as there are as
    many. What does not fit stays as it is.

    Raises `TrainError` if the bundle holds no networks, or if fewer than half of the weights fit.
    """
    tensors, before = _read(source)
    fitting = total = 0
    for name, network in state.networks().items():
        stored = "generator" if name == "averaged" else name
        own = {key: value for key, value in network.state_dict().items() if not key.startswith("prior.")}
        total += sum(value.numel() for value in own.values())
        for key, weights in own.items():
            if (given := tensors.get(f"{stored}.{key}")) is not None:
                fitting += _fill(network, key, weights, given, before, sets)
    if fitting < LEAST_FIT * total:
        raise TrainError(
            f"{fitting / total:.0%} of the weights in {source} fit; networks to start from must have the same "
            "data.image_size, gan.generator_width, gan.discriminator_width and gan.mapping_width"
        )
    log(f"starts with the networks of {source}; {fitting / total:.0%} of the weights fit")


def _read(source: str) -> tuple[dict[str, Tensor], LabelSets]:
    bundle = Bundle(find_bundle(source))
    if "networks" not in bundle.roles:
        raise TrainError(
            f"{source} has no {NETWORKS}, with which training could start; export it again from its run folder, or "
            "take another bundle"
        )
    content = bundle.read("networks")
    try:
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return load(content), tuple(map(tuple, json.loads(header["__metadata__"]["label_sets"])))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TrainError(f"{NETWORKS} in {source} is damaged ({error}); export the bundle again") from None


def _fill(network: nn.Module, key: str, own: Tensor, given: Tensor, before: LabelSets, sets: LabelSets) -> int:
    """Copy the weights of one layer as far as they fit, and return how many were copied."""
    ours, theirs = _by_coordinate(network, key, own), _by_coordinate(network, key, given)
    if ours is not None and theirs is not None:
        new, old = _coordinates(sets, len(ours)), _coordinates(before, len(theirs))
        shared = [name for name in new if name in old]
        theirs = theirs[[old.index(name) for name in shared]]
        if theirs.shape[1:] != ours.shape[1:]:
            return 0
        ours[[new.index(name) for name in shared]] = theirs.to(ours.dtype)
        return theirs.numel()
    if own.shape != given.shape or (key.startswith("embeddings.") and before != sets):
        return 0
    own.copy_(given)
    return own.numel()


def _by_coordinate(network: nn.Module, key: str, weights: Tensor) -> Tensor | None:
    """Return a view of weights that has a row for each coordinate of a latent, or None if they belong to none."""
    if isinstance(network, Generator) and key == "mapping.0.weight":
        return weights.T
    if isinstance(network, Generator) and key == "layers.0.weight" and not len(network.mapping):
        return weights
    if isinstance(network, Encoder) and key.startswith(f"head.{len(network.head) - 1}."):
        return weights.unflatten(0, (2, -1)).transpose(0, 1)
    return None


def _coordinates(sets: LabelSets, latent_dim: int) -> list[tuple[LabelSets, int]]:
    """Return a name for each coordinate: the set of labels that it belongs to, if any, and its place among those."""
    named = [((names,), place) for names in sets for place in range(len(names) - 1)]
    return [*named, *(((), place) for place in range(latent_dim - len(named)))]
