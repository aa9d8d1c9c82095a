"""Step I: train a GAN on the characters to be drawn (paper, sections 4.1 and 5.2)."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from PIL import Image
from torch import Tensor, nn

from tlgan_train.checkpoint import GanState, load_checkpoint, save_checkpoint
from tlgan_train.checks import check_gan
from tlgan_train.compute import distributed
from tlgan_train.compute.device import autocast, pick_device, pick_precision
from tlgan_train.compute.interrupts import HeldInterrupts
from tlgan_train.config import Config, GanConfig
from tlgan_train.data.batches import Batches
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError, refuse
from tlgan_train.models.dcgan import Discriminator, Generator
from tlgan_train.models.encoder import Encoder, kl_divergence, sample_posterior
from tlgan_train.models.inference import predict, to_tensor, to_uint8
from tlgan_train.models.prior import Prior
from tlgan_train.run_folder import load_tensors, save_tensors, written
from tlgan_train.training_log import TrainingLog, Unwritten, collapsed, diverged

GRID = (8, 16)
"""Rows and columns of a sample grid (paper, figure 7)."""
COLLAPSED = 1.0
"""Samples whose values differ by less than this, in levels of 255 (standard deviation), are one picture to the eye."""
FLOW_BATCH, FLOW_LR, FLOW_CLIP = 256, 1e-3, 5.0
"""Codes a step, Adam's step size and the largest gradient norm, in fitting the flow."""
BATCH_NORM_LATENTS = 2048
"""Prior latents from which the averaged generator's BatchNorm statistics are measured."""


def train_gan(
    config: Config,
    dataset: Dataset,
    characters: tuple[str, ...],
    run: Path,
    log: Callable[[str], None] = print,
    progress: bool = True,
) -> GanState:
    """Train on the training split of `characters`; write `RUN/gan/`; resume from its checkpoint if there is one.

    Several processes that were joined before share every batch, and end with the same weights; the first one writes.
    Raises `TrainError` when the losses stop being numbers or all samples become one picture; the last checkpoint then
    stays.
    """
    gan = config.gan
    folder = run / "gan"
    indices = dataset.indices("train", characters)
    refuse(check_gan(gan))
    images = gan.images or gan.epochs * len(indices)
    if gan.batch_size % distributed.count():
        raise TrainError(f"gan.batch_size of {gan.batch_size} does not divide among {distributed.count()} processes")
    steps = -(-images // gan.batch_size)
    device = pick_device()
    state = build(config, dataset, characters, device)
    precision = load_checkpoint(state, folder / "checkpoint.safetensors")
    precision = distributed.told(precision or pick_precision(gan.precision, device))
    if state.step >= steps:
        return state
    label_arrays = [labels for _, labels in label_sets(dataset, characters)] if gan.label_sectors else []
    batches = Batches(dataset, indices, gan.batch_size, gan.balanced, config.seed)
    log(f"{device.type} {precision}, {steps} steps of {gan.batch_size}, {len(indices):,} training pictures")
    every = max(1, gan.checkpoint_images // gan.batch_size)
    first, mine = distributed.rank() == 0, slice(distributed.rank(), None, distributed.count())
    record = TrainingLog(folder, state.step, steps, gan.batch_size, progress) if first else Unwritten()
    with record, HeldInterrupts() as interrupts:
        try:
            while state.step < steps:
                picked = batches[state.step][mine]
                stream = [config.seed, 2, state.step, distributed.rank()]
                torch.manual_seed(int(np.random.default_rng(stream).integers(2**63)))
                warming_up = state.step * gan.batch_size < gan.warmup_images
                if gan.warmup_images and not warming_up and state.encoder.training:
                    end_warmup(state, gan, dataset, indices, config.seed, log)
                set_step_sizes(state, gan, steps, warming_up)
                real = to_tensor(dataset.images[picked]).to(device)
                losses = (warmup_step if warming_up else training_step)(
                    state, gan,
                    mirrored(real) if gan.mirror else real,
                    tuple(torch.from_numpy(labels[picked]).to(device) for labels in label_arrays),
                    precision,
                )  # fmt: skip
                distributed.share_buffers(state.networks().values())
                state.step += 1
                record.step(state.step, losses)
                if first and (state.step % every == 0 or state.step == steps):
                    save(state, folder, config, precision)
                if distributed.any_of(interrupts.pending, device):
                    interrupts.release()
        except KeyboardInterrupt:
            if first:
                save(state, folder, config, precision)
            log(f"stopped after {state.step * gan.batch_size:,} pictures; the same command goes on from there")
            raise
    return state


def label_sets(dataset: Dataset, characters: tuple[str, ...]) -> tuple[tuple[int, np.ndarray], ...]:
    """Label sets that sectors are made for, each with its number of kinds and every picture's label: (N,) int.

    Emotion, and character if there are several; pictures of characters that are not drawn have -1.
    """
    emotion = (len(dataset.emotions), dataset.emotion)
    if len(characters) == 1:
        return (emotion,)
    position = np.full(len(dataset.characters), -1)
    position[[dataset.characters.index(name) for name in characters]] = np.arange(len(characters))
    return emotion, (len(characters), position[dataset.character])


def set_step_sizes(state: GanState, gan: GanConfig, steps: int, warming_up: bool) -> None:
    """Lower step sizes at the end of training and of the warm-up: what jitters comes to rest."""
    end, decay = steps * gan.batch_size, gan.decay_images
    if warming_up:
        end, decay = gan.warmup_images, gan.warmup_decay_images
    share = min(1.0, (end - state.step * gan.batch_size) / decay) if decay else 1.0
    optimisers = ((state.generator_optimiser, gan.generator_lr), (state.discriminator_optimiser, gan.discriminator_lr))
    for optimiser, lr in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = share * lr


def mirrored(pictures: Tensor) -> Tensor:
    """Every picture (N, 3, S, S), or as often its mirror image."""
    turned = torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < 0.5
    return torch.where(turned, pictures.flip(3), pictures)


def end_warmup(
    state: GanState, gan: GanConfig, dataset: Dataset, indices: np.ndarray, seed: int, log: Callable[[str], None]
) -> None:
    """Leave E as it is from here on, and fit the prior's flow to its codes unless an earlier process did."""
    state.encoder.requires_grad_(False).eval()
    if state.generator.prior.unfitted:
        codes = predict(state.encoder, dataset.images, indices)
        if gan.mirror:
            turned = predict(state.encoder, dataset.images, indices, change=lambda pictures: pictures.flip(3))
            codes = tuple(map(np.concatenate, zip(codes, turned, strict=True)))
        fit_flow(state, gan, codes, seed, log)


def fit_flow(
    state: GanState, gan: GanConfig, codes: tuple[np.ndarray, ...], seed: int, log: Callable[[str], None]
) -> None:
    """Fit the flow of the prior to codes, means and log variances (N, latent_dim), by maximum likelihood."""
    prior, device = state.generator.prior, next(state.generator.parameters()).device
    mean, log_variance = (torch.from_numpy(moment).double().to(device) for moment in codes)
    flow = prior.flow.requires_grad_(True)
    optimiser = torch.optim.Adam(flow.parameters(), FLOW_LR)
    generator = torch.Generator().manual_seed(seed)
    for step in range(gan.flow_steps):
        optimiser.param_groups[0]["lr"] = FLOW_LR * min(1.0, 2 - 2 * step / gan.flow_steps)
        chosen = torch.randint(len(mean), (FLOW_BATCH,), generator=generator)
        noise = torch.randn(FLOW_BATCH, gan.latent_dim, generator=generator).double().to(device)
        loss = -prior.log_likelihood(sample_posterior(mean[chosen], log_variance[chosen], noise)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), FLOW_CLIP)
        optimiser.step()
    flow.requires_grad_(False).zero_grad(set_to_none=True)
    # Bundles store weights in 32 bits and compute in 64, as here; rounded now, the flow stays the same on the way.
    flow.float().double()
    flow.fitted.fill_(True)
    fitted = distributed.told(flow.state_dict())
    for network in (state.generator, state.averaged):
        network.prior.flow.load_state_dict(fitted)
    if gan.flow_steps:
        log(f"flow fitted to {len(mean):,} codes: {loss.item():.1f} nats a code")


def warmup_step(
    state: GanState, gan: GanConfig, real: Tensor, labels: tuple[Tensor, ...], precision: str
) -> dict[str, Tensor]:
    """One step of E and G by reconstruction alone: cheap, and D then meets faces instead of noise."""
    losses, _ = reconstruct(state, gan, real, labels, precision)
    update_generator(state, gan, losses)
    return {name: loss.detach() for name, loss in losses.items()}


def training_step(
    state: GanState, gan: GanConfig, real: Tensor, labels: tuple[Tensor, ...], precision: str
) -> dict[str, Tensor]:
    """One step of D, then one of G (and E) on the same latents, as in the published code."""
    discriminator, prior = state.discriminator, state.generator.prior
    latents = prior(torch.randn(len(real), gan.latent_dim, device=real.device))
    real_labels, fake_labels = prior.one_hot(labels), prior.one_hot(prior.labels(latents))

    discriminator.requires_grad_(True)
    with autocast(real.device, precision):
        fake = state.generator(latents)
        real_score, seen = discriminator(real, real_labels)
        fake_score, _ = discriminator(fake.detach(), fake_labels)
    loss = discriminator_loss(gan, real_score.float(), fake_score.float())
    state.discriminator_optimiser.zero_grad(set_to_none=True)
    loss.backward()
    distributed.average_gradients(state.discriminator_optimiser)
    state.discriminator_optimiser.step()

    discriminator.requires_grad_(False)
    losses = {"discriminator": loss}
    with autocast(real.device, precision):
        score, _ = discriminator(fake, fake_labels)
    losses["generator"] = generator_loss(gan, score.float())
    if state.encoder is not None:
        more, redrawn = reconstruct(state, gan, real, labels, precision)
        losses |= more
        if gan.feature_weight:
            with autocast(real.device, precision):
                _, redrawn_seen = discriminator(redrawn, real_labels)
            losses["feature"] = feature_distance(redrawn_seen, [activation.detach() for activation in seen])
    update_generator(state, gan, losses)
    return {name: loss.detach() for name, loss in losses.items()}


def discriminator_loss(gan: GanConfig, real_score: Tensor, fake_score: Tensor) -> Tensor:
    """Least squares (LSGAN, Mao et al. 2017), as the paper has it, from scores (N,) of real and of drawn pictures."""
    real_loss, fake_loss = (real_score - gan.real_target).square(), (fake_score - gan.fake_target).square()
    return real_loss.mean() + fake_loss.mean()


def generator_loss(gan: GanConfig, score: Tensor) -> Tensor:
    """The same for G, from scores (N,) of drawn pictures."""
    return (score - gan.generator_target).square().mean()


def reconstruct(
    state: GanState, gan: GanConfig, real: Tensor, labels: tuple[Tensor, ...], precision: str
) -> tuple[dict[str, Tensor], Tensor]:
    """Losses of drawing real pictures again through E and G, and the pictures drawn."""
    learning = state.encoder.training
    with autocast(real.device, precision):
        mean, log_variance = (moment.float() for moment in state.encoder(real))
        noise = (1.0 if learning else gan.redraw_noise) * torch.randn_like(mean)
        redrawn = state.generator(sample_posterior(mean, log_variance, noise))
    losses = {"reconstruction": F.mse_loss(redrawn.float(), real)}
    if learning:
        moments = state.generator.prior.moments(labels, like=mean)
        losses["kl"] = kl_divergence(mean, log_variance, *moments).mean()
    return losses, redrawn


def weighted(gan: GanConfig, losses: dict[str, Tensor]) -> Tensor:
    """Sum of the losses of G and E, each with its weight."""
    weights = {
        "generator": gan.adversarial_weight,
        "reconstruction": gan.reconstruction_weight,
        "feature": gan.feature_weight,
        "kl": gan.kl_weight,
    }
    return torch.stack([weight * losses[name] for name, weight in weights.items() if name in losses]).sum()


def update_generator(state: GanState, gan: GanConfig, losses: dict[str, Tensor]) -> None:
    """One optimiser step of G (and E) by their weighted losses, and of the averaged weights."""
    state.generator_optimiser.zero_grad(set_to_none=True)
    weighted(gan, losses).backward()
    distributed.average_gradients(state.generator_optimiser)
    state.generator_optimiser.step()
    average(state.averaged, state.generator, 0.5 ** (gan.batch_size / gan.ema_images) if gan.ema_images else 0.0)


def feature_distance(drawn: list[Tensor], real: list[Tensor]) -> Tensor:
    """Squared distance of activations in units of their own variance, mean over layers (Larsen et al. 2016)."""
    distances = [F.mse_loss(d.float(), r.float()) / r.float().var() for d, r in zip(drawn, real, strict=True)]
    return torch.stack(distances).mean()


@torch.no_grad()
def average(averaged: Generator, generator: Generator, decay: float) -> None:
    """Move averaged weights towards the generator's: averaged ← decay · averaged + (1 - decay) · generator."""
    torch._foreach_lerp_(list(averaged.parameters()), list(generator.parameters()), 1 - decay)


@torch.no_grad()
def measure_batch_norm(generator: Generator, seed: int) -> None:
    """Set BatchNorm statistics to those of prior latents; averaged weights have none of their own."""
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


def build(config: Config, dataset: Dataset, characters: tuple[str, ...], device: torch.device) -> GanState:
    """Fresh networks and optimisers, initialised from the seed."""
    gan, size = config.gan, dataset.image_size
    torch.manual_seed(config.seed)
    sizes = tuple(kinds for kinds, _ in label_sets(dataset, characters)) if gan.label_sectors else ()
    try:
        prior = Prior(
            sizes, gan.latent_dim, gan.sector_push, gan.sector_sharpness, gan.flow_layers, gan.flow_width,
            gan.truncation, gan.label_truncation,
        )  # fmt: skip
    except ValueError as error:
        raise TrainError(f"gan.latent_dim is too small: {error}") from None
    generator = Generator(gan.latent_dim, gan.generator_width, size, gan.mapping_width, prior)
    discriminator = Discriminator(gan.discriminator_width, size, gan.discriminator_norm, sizes)
    encoder = (
        Encoder(gan.latent_dim, gan.discriminator_width, size, gan.mapping_width) if gan.reconstruction_weight else None
    )
    averaged = Generator(gan.latent_dim, gan.generator_width, size, gan.mapping_width, deepcopy(prior))
    averaged.load_state_dict(generator.state_dict())
    averaged.requires_grad_(False)
    for network in (generator, discriminator, encoder, averaged):
        if network is not None:
            network.to(device, memory_format=torch.channels_last)
    drawing = [*generator.parameters(), *(encoder.parameters() if encoder else ())]
    betas = (gan.beta1, gan.beta2)
    return GanState(
        generator, discriminator, encoder, averaged,
        torch.optim.Adam(drawing, gan.generator_lr, betas),
        torch.optim.Adam(discriminator.parameters(), gan.discriminator_lr, betas),
    )  # fmt: skip


def save(state: GanState, folder: Path, config: Config, precision: str) -> None:
    """Write a grid of samples, the exported weights and, last, the checkpoint that resuming starts from."""
    images = state.step * config.gan.batch_size
    if not all(p.isfinite().all() for network in state.networks().values() for p in network.parameters()):
        raise diverged(images)
    measure_batch_norm(state.averaged, config.seed)
    z = torch.randn(GRID[0] * GRID[1], config.gan.latent_dim, generator=torch.Generator().manual_seed(config.seed))
    with torch.no_grad():
        z = z.to(next(state.averaged.parameters()).device)
        drawn = to_uint8(state.averaged(state.averaged.prior(z)))
    if drawn.float().std(dim=0).mean() < COLLAPSED:
        raise collapsed(images)
    grid = drawn.cpu().numpy().reshape(*GRID, *drawn.shape[1:]).swapaxes(1, 2)
    with written(folder / "samples" / f"{images:09d}.png") as temporary:
        Image.fromarray(grid.reshape(GRID[0] * drawn.shape[1], -1, 3)).save(temporary, "png")
    facts = {
        "latent_dim": config.gan.latent_dim,
        "width": config.gan.generator_width,
        "image_size": config.data.image_size,
        "mapping_width": config.gan.mapping_width,
        "images": images,
        "prior": state.averaged.prior.facts(),
    }
    save_tensors(folder / "generator.safetensors", state.averaged.state_dict(), facts)
    if state.encoder is not None:
        encoder_facts = {**facts, "width": config.gan.discriminator_width}
        save_tensors(folder / "encoder.safetensors", state.encoder.state_dict(), encoder_facts)
    save_checkpoint(state, folder / "checkpoint.safetensors", precision)


def load_generator(run: Path) -> Generator:
    """The averaged generator of a run, in eval mode on the CPU."""
    tensors, facts = load_tensors(run / "gan" / "generator.safetensors", made_by="gan")
    prior = Prior(latent_dim=facts["latent_dim"], **facts["prior"])
    shape = (facts[name] for name in ("latent_dim", "width", "image_size", "mapping_width"))
    generator = Generator(*shape, prior)
    generator.load_state_dict(tensors)
    return generator.requires_grad_(False).eval().to(memory_format=torch.channels_last)


def load_encoder(run: Path) -> Encoder | None:
    """The encoder of a run, in eval mode on the CPU; None when the GAN was trained without one."""
    if not (run / "gan" / "encoder.safetensors").exists():
        return None
    tensors, facts = load_tensors(run / "gan" / "encoder.safetensors", made_by="gan")
    encoder = Encoder(*(facts[name] for name in ("latent_dim", "width", "image_size", "mapping_width")))
    encoder.load_state_dict(tensors)
    return encoder.requires_grad_(False).eval()


def images_seen(run: Path) -> int:
    """Real pictures that the run's generator has been trained on, repeats counted."""
    return int(load_tensors(run / "gan" / "generator.safetensors", made_by="gan")[1]["images"])
