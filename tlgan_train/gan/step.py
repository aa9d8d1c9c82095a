"""One step of GAN training: the losses of discriminator, generator and encoder, and their updates."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from tlgan_train.compute import distributed
from tlgan_train.compute.compute import Compute
from tlgan_train.gan.perception import emotions_seen, feature_distance, paced_edit_loss, picture_losses
from tlgan_train.gan.state import GanState
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.encoder import kl_divergence, sample_posterior
from tlgan_train.models.prior import Prior
from tlgan_train.sections import GanConfig

EDITED = 4
"""In the warm-up, one picture in so many is drawn with the emotion of another picture as well."""


def warmup_step(
    state: GanState, gan: GanConfig, real: Tensor, labels: tuple[Tensor, ...], compute: Compute
) -> dict[str, Tensor]:
    """Update E and G by reconstruction alone, and return the losses.

    Such a step is cheap. Afterwards D starts with faces instead of noise.
    """
    losses, _ = reconstruct(state, gan, real, labels, compute)
    update_generator(state, gan, losses)
    return {name: loss.detach() for name, loss in losses.items()}


def training_step(
    state: GanState, gan: GanConfig, real: Tensor, labels: tuple[Tensor, ...], compute: Compute
) -> dict[str, Tensor]:
    """Update D, then G (and E) on the same latents, as in the published code. Returns the losses."""
    discriminator, prior = state.discriminator, state.generator.prior
    z = torch.randn(len(real), state.generator.latent_dim, device=real.device)
    latents, drawn = prior(z), prior.labels(z)
    edits = learns_edits(state, gan)
    if edits:
        half = len(latents) // 2
        moved, label = edited(prior, latents, drawn[0], half)
        latents, drawn = torch.cat([moved, latents[half:]]), (torch.cat([label, drawn[0][half:]]), *drawn[1:])
    real_labels, fake_labels = prior.one_hot(labels), prior.one_hot(drawn)

    discriminator.requires_grad_(True)
    with compute.autocast():
        fake = state.generator(latents)
        real_score, real_activations = discriminator(real, real_labels)
        fake_score, _ = discriminator(fake.detach(), fake_labels)
    loss = discriminator_loss(gan, real_score.float(), fake_score.float())
    state.discriminator_optimiser.zero_grad(set_to_none=True)
    loss.backward()
    distributed.average_gradients(state.discriminator_optimiser)
    state.discriminator_optimiser.step()

    discriminator.requires_grad_(False)
    losses = {"discriminator": loss}
    with compute.autocast():
        score, _ = discriminator(fake, fake_labels)
    losses["generator"] = generator_loss(gan, score.float())
    if edits:
        losses["edit"] = F.cross_entropy(emotions_seen(state, fake, compute), drawn[0])
    if state.encoder is not None:
        encoder_losses, redrawn = reconstruct(state, gan, real, labels, compute)
        losses |= encoder_losses
        if gan.feature_weight:
            with compute.autocast():
                _, redrawn_activations = discriminator(redrawn, real_labels)
            targets = [activation.detach() for activation in real_activations]
            losses["feature"] = feature_distance(redrawn_activations, targets)
    update_generator(state, gan, losses)
    return {name: loss.detach() for name, loss in losses.items()}


def learns_edits(state: GanState, gan: GanConfig) -> bool:
    """Return whether edited pictures must show their new emotion."""
    return bool(gan.edit_weight and state.readers and state.generator.prior.sizes)


def edited(prior: Prior, latents: Tensor, labels: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the first `count` latents with the coordinates of the first label set from others, and these labels."""
    others, coordinates = torch.randperm(len(latents), device=latents.device)[:count], prior.sizes[0] - 1
    return torch.cat([latents[others, :coordinates], latents[:count, coordinates:]], dim=1), labels[others]


def discriminator_loss(gan: GanConfig, real_score: Tensor, fake_score: Tensor) -> Tensor:
    """Return the least-squares loss of D, as in the paper (LSGAN, Mao et al. 2017).

    The scores are (N,) each, of real and of drawn pictures.
    """
    real_loss, fake_loss = (real_score - gan.real_target).square(), (fake_score - gan.fake_target).square()
    return real_loss.mean() + fake_loss.mean()


def generator_loss(gan: GanConfig, score: Tensor) -> Tensor:
    """Return the least-squares loss of G, from scores (N,) of drawn pictures."""
    return (score - gan.generator_target).square().mean()


def reconstruct(
    state: GanState, gan: GanConfig, real: Tensor, labels: tuple[Tensor, ...], compute: Compute
) -> tuple[dict[str, Tensor], Tensor]:
    """Draw real pictures again through E and G, and return the losses and the redrawn pictures.

    While E learns, a part of the pictures is also drawn with the coordinates of the emotion of other pictures. Only E
    and the fully connected layers of G learn from these: to choose among faces that G draws. Its other layers would
    learn patterns that fool classifiers, and faces would be blurs for long.
    """
    encoder_learns = state.encoder.training
    edits = len(real) // EDITED if encoder_learns and learns_edits(state, gan) else 0
    with compute.autocast():
        mean, log_variance = (moment.float() for moment in state.encoder(real))
        noise = (1.0 if encoder_learns else gan.redraw_noise) * torch.randn_like(mean)
        codes = sample_posterior(mean, log_variance, noise)
        redrawn = state.generator(codes)
    losses = picture_losses(state, gan, real, redrawn, compute)
    if edits:
        moved, emotions = edited(state.generator.prior, codes, labels[0], edits)
        with compute.autocast():
            changed = state.generator.with_fixed_layers(moved)
        losses["edit"] = paced_edit_loss(
            state, torch.cat([redrawn[:edits].detach(), changed]), labels[0], emotions, compute
        )
    if encoder_learns:
        moments = state.generator.prior.moments(labels, like=mean)
        losses["kl"] = kl_divergence(mean, log_variance, *moments).mean()
    return losses, redrawn


def weighted(gan: GanConfig, losses: dict[str, Tensor]) -> Tensor:
    """Return the weighted sum of the losses of G and E."""
    weights = {
        "generator": gan.adversarial_weight,
        "reconstruction": gan.reconstruction_weight,
        "feature": gan.feature_weight,
        "perceptual": gan.perceptual_weight,
        "edit": gan.edit_weight,
        "kl": gan.kl_weight,
    }
    return torch.stack([weight * losses[name] for name, weight in weights.items() if name in losses]).sum()


def update_generator(state: GanState, gan: GanConfig, losses: dict[str, Tensor]) -> None:
    """Make one optimiser step of G (and E) by their weighted losses, and update the averaged weights."""
    optimisers = [state.generator_optimiser, *([state.matrix_optimiser] if state.matrix_optimiser else [])]
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    weighted(gan, losses).backward()
    for optimiser in optimisers:
        distributed.average_gradients(optimiser)
        optimiser.step()
    average(state.averaged, state.generator, 0.5 ** (gan.batch_size / gan.ema_images) if gan.ema_images else 0.0)


def average(averaged: Generator, generator: Generator, decay: float) -> None:
    """Move averaged weights towards the generator's: averaged ← decay · averaged + (1 - decay) · generator."""
    update = get_ema_multi_avg_fn(decay)
    update(list(averaged.parameters()), list(generator.parameters()), 0)
