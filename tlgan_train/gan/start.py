"""Train the GAN from the networks of a bundle, so that eyes, mouths and edges need not be learned from nothing."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from tlgan_train.errors import TrainError
from tlgan_train.gan.state import GanState
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.encoder import Encoder
from tlgan_train.start import LabelSets, read_networks

LEAST_FIT = 0.5
"""Share of the weights that must fit. With fewer, training would as good as begin from nothing."""


def start_with(state: GanState, source: str, sets: LabelSets, log: Callable[[str], None]) -> None:
    """Load the networks of a bundle, by path or name, into those of `state`, where their shapes fit.

    Coordinates of labels are taken over from sets with the same names, and the other coordinates as far as there are as
    many. What does not fit stays as it is.

    Raises `TrainError` if the bundle holds no networks, or if fewer than half of the weights fit.
    """
    given = read_networks(source)
    fitting = total = 0
    for name, network in state.networks().items():
        known = given.of("generator" if name == "averaged" else name)
        own = {key: value for key, value in network.state_dict().items() if not key.startswith("prior.")}
        total += sum(value.numel() for value in own.values())
        for key, weights in own.items():
            if key in known:
                fitting += _fill(network, key, weights, known[key], given.label_sets, sets)
    if fitting < LEAST_FIT * total:
        raise TrainError(
            f"{fitting / total:.0%} of the weights in {source} fit; networks to start from must have the same "
            "data.image_size, gan.generator_width, gan.discriminator_width and gan.mapping_width"
        )
    log(f"starts with the networks of {source}; {fitting / total:.0%} of the weights fit")


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
