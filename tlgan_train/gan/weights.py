"""Write the files of GAN training: sample grids, exported weights and checkpoints. Load the networks of a run."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import nn

from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.config import Config
from tlgan_train.gan.log import collapsed, diverged
from tlgan_train.gan.state import GanState, save_checkpoint
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.encoder import Encoder
from tlgan_train.models.inference import to_uint8
from tlgan_train.models.prior import Prior
from tlgan_train.run_folder import load_tensors, save_tensors, written

GRID = (8, 16)
"""Rows and columns of a sample grid (paper, figure 7)."""
CHECKPOINT = "checkpoint.safetensors"
"""The file from which a run resumes."""
COLLAPSED = 1.0
"""Smallest standard deviation over pictures of latents from N(0, I), in levels of 255. Below it, all look the same."""
BATCH_NORM_LATENTS = 2048
"""Number of latents from which BatchNorm statistics of the averaged generator are measured."""


@torch.no_grad()
def measure_batch_norm(generator: Generator, seed: int) -> None:
    """Measure BatchNorm statistics on latents of the prior, because averaged weights have no statistics."""
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over batches
    device = next(generator.parameters()).device
    z = torch.randn(BATCH_NORM_LATENTS, generator.latent_dim, generator=torch.Generator().manual_seed(seed))
    generator.train()
    for chunk in z.split(128):
        generator(generator.prior(chunk.to(device)))
    generator.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def save(state: GanState, folder: Path, config: Config, precision: str) -> None:
    """Write a grid of samples, the exported weights and, last, the checkpoint from which a run resumes.

    Raises `TrainError`, before it writes anything, if weights are not finite or all latents give one picture.
    """
    images = state.step * config.gan.batch_size
    if not all(p.isfinite().all() for network in state.networks().values() for p in network.parameters()):
        raise diverged(images)
    measure_batch_norm(state.averaged, config.seed)
    z = torch.randn(GRID[0] * GRID[1], state.averaged.latent_dim, generator=torch.Generator().manual_seed(config.seed))
    with torch.no_grad():
        z = z.to(next(state.averaged.parameters()).device)
        drawn = to_uint8(state.averaged(state.averaged.prior(z)))
        # Not of the prior: soon after the start its codes may be alike, though the generator does not ignore latents.
        apart = to_uint8(state.averaged(z)).float().std(dim=0).mean()
    if apart < COLLAPSED:
        raise collapsed(images)
    grid = drawn.cpu().numpy().reshape(*GRID, *drawn.shape[1:]).swapaxes(1, 2)
    with written(folder / "samples" / f"{images:09d}.png") as temporary:
        Image.fromarray(grid.reshape(GRID[0] * drawn.shape[1], -1, 3)).save(temporary, "png")
    facts = {
        "latent_dim": state.averaged.latent_dim,
        "width": config.gan.generator_width,
        "image_size": state.averaged.image_size,
        "mapping_width": config.gan.mapping_width,
        "images": images,
        "prior": state.averaged.prior.facts(),
    }
    save_tensors(folder / "generator.safetensors", state.averaged.state_dict(), facts)
    if state.encoder is not None:
        encoder_facts = {**facts, "width": config.gan.discriminator_width}
        save_tensors(folder / "encoder.safetensors", state.encoder.state_dict(), encoder_facts)
    save_checkpoint(state, folder / CHECKPOINT, precision)


def load_generator(run: Path, compute: Compute = ON_CPU) -> Generator:
    """Return the averaged generator of a run, in eval mode."""
    tensors, facts = load_tensors(run / "gan" / "generator.safetensors", made_by="gan")
    prior = Prior(latent_dim=facts["latent_dim"], **facts["prior"])
    shape = (facts[name] for name in ("latent_dim", "width", "image_size", "mapping_width"))
    generator = Generator(*shape, prior)
    generator.load_state_dict(tensors)
    return compute.place(generator).requires_grad_(False).eval().to(memory_format=torch.channels_last)


def load_encoder(run: Path, compute: Compute = ON_CPU) -> Encoder | None:
    """Return the encoder of a run, in eval mode, or None if the GAN was trained without one."""
    if not (run / "gan" / "encoder.safetensors").exists():
        return None
    tensors, facts = load_tensors(run / "gan" / "encoder.safetensors", made_by="gan")
    encoder = Encoder(*(facts[name] for name in ("latent_dim", "width", "image_size", "mapping_width")))
    encoder.load_state_dict(tensors)
    return compute.place(encoder).requires_grad_(False).eval()


def images_seen(run: Path) -> int:
    """Return the number of real pictures on which the generator of a run was trained, with repeats."""
    return int(load_tensors(run / "gan" / "generator.safetensors", made_by="gan")[1]["images"])
