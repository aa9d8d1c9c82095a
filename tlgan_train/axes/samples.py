"""Step III: draw latents and their faces, and let the classifier read the faces (paper, section 5.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax
from torch import Tensor, nn

from tlgan_train.compute.seeds import stream_seed
from tlgan_train.config import Config
from tlgan_train.errors import TrainError
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.inference import to_levels, to_uint8
from tlgan_train.run_folder import written

COLLAPSED = 0.95
"""Mean probability of one emotion over all samples, above which the generator has collapsed."""
READ_BATCH = 64
"""Latents drawn and read at a time. The outputs of a layer then fit into the cache, a quarter faster than with 256."""


@dataclass(frozen=True)
class Samples:
    """(Z, Y) of the paper: N latents, with the logits of the classifier for their faces."""

    z: np.ndarray
    """float32 (N, latent_dim), as the generator takes them."""
    emotion: np.ndarray
    """float32 (N, E), emotion logits."""
    character: np.ndarray
    """float32 (N, C), character logits."""

    def split(self, share: float) -> tuple[Samples, Samples]:
        """Return the first `share` of the samples, and the rest."""
        count = int(len(self.z) * share)
        parts = (slice(count), slice(count, None))
        held_out, rest = (Samples(self.z[part], self.emotion[part], self.character[part]) for part in parts)
        return held_out, rest


def draw_samples(
    config: Config, generator: Generator, classifier: nn.Module, run: Path, log: Callable[[str], None] = print
) -> Samples:
    """Draw and label `samples.count` latents, and write `RUN/samples/samples.npz`.

    Raises `TrainError` if the generator has collapsed to one emotion.
    """
    z = draw_latents(generator, config.samples.count, config.seed, "samples")
    emotion, character = read_faces(generator, classifier, z, config.samples.batch_size)
    mass = softmax(emotion, axis=1).mean(axis=0)
    if len(mass) > 1 and mass.max() > COLLAPSED:
        raise TrainError(
            f"the generator collapsed: the classifier reads one emotion in all {len(z):,} samples (mean probability "
            f"{mass.max():.2f}); look at {run / 'gan' / 'samples'}, and train again in another --run"
        )
    with written(run / "samples" / "samples.npz") as temporary, temporary.open("wb") as file:
        np.savez(file, z=z, emotion=emotion, character=character)
    shares = np.bincount(emotion.argmax(axis=1), minlength=emotion.shape[1]) / len(z)
    log(f"{len(z):,} latents drawn and read; share of each emotion {np.round(shares, 3).tolist()}")
    return Samples(z, emotion, character)


def load_samples(run: Path) -> Samples:
    """Return (Z, Y) of a run. Raises `TrainError` if the stage has not run."""
    path = run / "samples" / "samples.npz"
    if not path.is_file():
        raise TrainError(f"{path} is missing; run `tlgan-train samples` with the same --run first")
    with np.load(path) as arrays:
        return Samples(arrays["z"], arrays["emotion"], arrays["character"])


@torch.inference_mode()
def draw_latents(generator: Generator, count: int, seed: int, stream: str) -> np.ndarray:
    """Return latents of draws from N(0, I), float32 (count, latent_dim). Streams of other names are independent."""
    rng = np.random.default_rng(stream_seed(seed, f"latents {stream}"))
    z = rng.standard_normal((count, generator.latent_dim), dtype=np.float32)
    device = next(generator.parameters()).device
    return generator.prior(torch.from_numpy(z).to(device)).cpu().numpy()


@torch.inference_mode()
def draw_faces(generator: Generator, z: np.ndarray) -> np.ndarray:
    """Return the faces, uint8 (..., S, S, 3), of latents (..., latent_dim)."""
    device = next(generator.parameters()).device
    flat = torch.from_numpy(np.ascontiguousarray(z.reshape(-1, z.shape[-1])))
    faces = np.concatenate([to_uint8(generator(chunk.to(device))).cpu().numpy() for chunk in flat.split(READ_BATCH)])
    return faces.reshape(*z.shape[:-1], *faces.shape[1:])


@torch.inference_mode()
def read_faces(
    generator: Generator, reader: Callable[[Tensor], tuple[Tensor, ...]], z: np.ndarray, batch_size: int = READ_BATCH
) -> tuple[np.ndarray, ...]:
    """Return the outputs of `reader`, a network in eval mode, for the faces of latents (N, latent_dim).

    They are float32 arrays of N rows. Faces are rounded to the 256 levels of a picture, as in the exported graphs.
    """
    device = next(generator.parameters()).device
    parts = []
    for chunk in torch.from_numpy(z).split(batch_size):
        levels = to_levels(generator(chunk.to(device)))
        parts.append([out.float().cpu().numpy() for out in reader(levels / 127.5 - 1)])
    return tuple(np.concatenate(outputs) for outputs in zip(*parts, strict=True))
