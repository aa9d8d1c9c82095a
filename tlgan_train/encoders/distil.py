"""Trains an encoder for a generator that can only be asked to draw: a graph in a bundle, without its gradients.

First it learns to find the latents of drawn faces. Then it also learns from pictures. Their latents are its own
guesses, each made better by steps of Gauss-Newton, for which drawing is enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from tlgan_runtime.pictures.inversion import Codec, Found, refined
from tlgan_train.compute.compute import Compute
from tlgan_train.compute.seeds import seeded, stream_seed
from tlgan_train.models.encoder import Encoder
from tlgan_train.models.inference import predict, to_tensor

STEPS = 6000
BATCH = 64
LR = 1e-3
ON_FACES = 0.5
"""Share of the steps before pictures join in."""
PICTURES = 2048
"""Most pictures whose latents are looked for."""
REFINEMENTS = 2
"""Steps of Gauss-Newton for each of them."""
WIDTH, MAPPING_WIDTH = 32, 256
"""Those of the presets; the graph has 3.5 MB."""
REPORTS = 10


def distilled_encoder(
    codec: Codec,
    sample: Callable[[int, int], np.ndarray],
    pictures: np.ndarray,
    latent_dim: int,
    seed: int,
    compute: Compute,
    log: Callable[[str], None],
    steps: int,
) -> Encoder:
    """Return an encoder in eval mode.

    Args:
        codec: draws latents; its `encode` is not used.
        sample: number and seed → latents (N, latent_dim) of faces.
        pictures: uint8 (N, S, S, 3), of the characters that are drawn.
        log: gets a few lines on the way.
        steps: batches of 64.
    """
    encoder = compute.place(
        seeded(lambda: Encoder(latent_dim, WIDTH, codec.size, MAPPING_WIDTH), stream_seed(seed, "distilled encoder"))
    )
    optimiser = torch.optim.Adam(encoder.parameters(), LR)
    rng = np.random.default_rng(stream_seed(seed, "distillation"))
    chosen = pictures[rng.permutation(len(pictures))[:PICTURES]]
    latents: np.ndarray | None = None
    first = round(ON_FACES * steps)
    for step in range(steps):
        z = sample(BATCH, stream_seed(seed, f"distillation {step}"))
        seen = codec.draw(z)
        if step == first and len(chosen):
            latents = found_latents(encoder, chosen, codec)
            log(f"latents of {len(chosen):,} pictures found")
        if latents is not None:
            others = rng.integers(0, len(chosen), BATCH // 2)
            seen = np.concatenate([seen[: BATCH // 2], chosen[others]])
            z = np.concatenate([z[: BATCH // 2], latents[others]])
        encoder.train()
        with compute.autocast():
            mean, _ = encoder(to_tensor(seen, compute.device))
        loss = functional.mse_loss(mean.float(), compute.put(z))
        for group in optimiser.param_groups:
            group["lr"] = LR * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if (step + 1) % max(1, steps // REPORTS) == 0:
            log(f"step {step + 1}: mean squared error of latents {loss.item():.3f}")
    return encoder.requires_grad_(False).eval()


def found_latents(encoder: Encoder, pictures: np.ndarray, codec: Codec) -> np.ndarray:
    """Return latents (N, latent_dim) that draw pictures better than those that the encoder guesses."""
    guesses = predict(encoder, pictures)[0]
    drawn = codec.draw(guesses)
    place, all_of_it = (0.0, 0.0, float(codec.size)), np.ones((codec.size, codec.size), bool)
    found = [
        refined(Found(place, guesses[index : index + 1], pictures[index], drawn[index], all_of_it), codec, REFINEMENTS)
        for index in range(len(pictures))
    ]
    return np.concatenate([one.z for one in found])
