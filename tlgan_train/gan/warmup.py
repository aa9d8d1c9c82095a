"""The end of the warm-up: freeze the encoder, and keep its codes in the prior."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tlgan_train.compute import distributed
from tlgan_train.data.dataset import Dataset
from tlgan_train.gan.state import GanState
from tlgan_train.models.inference import predict
from tlgan_train.sections import GanConfig


def end_warmup(
    state: GanState,
    gan: GanConfig,
    dataset: Dataset,
    indices: np.ndarray,
    labels: tuple[np.ndarray, ...],
    seed: int,
    log: Callable[[str], None],
) -> None:
    """Freeze E. Keep codes of the pictures at `indices` in the prior, unless the run was resumed and has them.

    `labels` are those of all pictures of the data set, one array for each set.
    """
    state.encoder.requires_grad_(False).eval()
    prior = state.generator.prior
    if not prior.unfilled:
        return
    codes = predict(state.encoder, dataset.images, indices)
    own = tuple(of[indices] for of in labels)
    if gan.mirror:
        turned = predict(state.encoder, dataset.images, indices, change=lambda pictures: pictures.flip(3))
        codes = tuple(map(np.concatenate, zip(codes, turned, strict=True)))
        own = tuple(np.tile(of, 2) for of in own)
    prior.keep(codes, own, np.random.default_rng(seed))
    kept = distributed.broadcast(prior.state_dict())
    for network in (state.generator, state.averaged):
        network.prior.load_state_dict(kept)
    log(f"the prior keeps {int(prior.mixtures.counts.sum()):,} codes of pictures")
