"""Parts of other recipes for GANs, to be measured in place of ours: what did not help is not in the package itself.

Each of `VARIANTS` is a context in which `tlgan_train.gan` trains that way, and in which what it trained can be loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from tlgan_train.gan import state, train, weights
from tlgan_train.gan import step as gan_step
from tlgan_train.gan.state import GanState
from tlgan_train.models.dcgan import Discriminator, Generator
from tlgan_train.sections import GanConfig

R1_WEIGHT, R1_EVERY = 0.1, 8
"""Of half the squared gradient, summed over a picture in [-1, 1]; and steps from one such step of D to the next."""
PATH_WEIGHT, PATH_EVERY, PATH_DECAY = 2.0, 4, 0.99
"""As in StyleGAN2 (Karras et al. 2020): weight, steps between such steps of G, and memory of the mean length."""
SHIFT, BRIGHTNESS, SATURATION, CONTRAST = 1 / 8, 0.5, 1.0, 0.5
"""Largest changes by differentiable augmentation (Zhao et al. 2020): of the side, in [-1, 1], and of the factors 1."""
NOISE = 0.2
"""Standard deviation of the noise on what D sees, in [-1, 1]."""

Step = Callable[[GanState, GanConfig, Tensor, tuple[Tensor, ...], str], dict[str, Tensor]]


@contextmanager
def hinge() -> Iterator[None]:
    """Hinge losses (Lim & Ye 2017) instead of least squares."""
    with (
        patch.object(
            gan_step, "discriminator_loss", lambda _, real, fake: F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        ),
        patch.object(gan_step, "generator_loss", lambda _, score: -score.mean()),
    ):
        yield


@contextmanager
def non_saturating() -> Iterator[None]:
    """The logistic loss of Goodfellow et al. 2014, with a penalty on D's gradient at real pictures (R1)."""
    with (
        patch.object(
            gan_step, "discriminator_loss", lambda _, real, fake: F.softplus(-real).mean() + F.softplus(fake).mean()
        ),
        patch.object(gan_step, "generator_loss", lambda _, score: F.softplus(-score).mean()),
        penalised_gradient(),
    ):
        yield


@contextmanager
def penalised_gradient() -> Iterator[None]:
    """R1 (Mescheder et al. 2018) on every eighth step."""

    def penalise(state: GanState, settings: GanConfig, real: Tensor, labels: tuple[Tensor, ...]) -> None:
        pictures = real.detach().requires_grad_(True)
        score, _ = state.discriminator.requires_grad_(True)(pictures, state.generator.prior.one_hot(labels))
        (gradient,) = torch.autograd.grad(score.sum(), pictures, create_graph=True)
        penalty = R1_EVERY * R1_WEIGHT / 2 * gradient.square().sum(dim=(1, 2, 3)).mean()
        state.discriminator_optimiser.zero_grad(set_to_none=True)
        penalty.backward()
        state.discriminator_optimiser.step()

    with patch.object(train, "training_step", _followed_by(penalise, R1_EVERY)):
        yield


@contextmanager
def even_paths() -> Iterator[None]:
    """Path length regularisation: steps of one length in latent space change pictures by one amount."""
    mean = torch.zeros(())

    def regularise(state: GanState, settings: GanConfig, real: Tensor, labels: tuple[Tensor, ...]) -> None:
        latents = state.generator.prior(torch.randn(len(real) // 2, settings.latent_dim)).detach().requires_grad_(True)
        drawn = state.generator(latents)
        direction = torch.randn_like(drawn) / (drawn.shape[2] * drawn.shape[3]) ** 0.5
        (gradient,) = torch.autograd.grad((drawn * direction).sum(), latents, create_graph=True)
        lengths = gradient.square().sum(dim=1).sqrt()
        mean.lerp_(lengths.detach().mean(), 1 - PATH_DECAY if mean > 0 else 1.0)
        state.generator_optimiser.zero_grad(set_to_none=True)
        (PATH_EVERY * PATH_WEIGHT * (lengths - mean).square().mean()).backward()
        state.generator_optimiser.step()

    with patch.object(train, "training_step", _followed_by(regularise, PATH_EVERY)):
        yield


@contextmanager
def augmented() -> Iterator[None]:
    """D sees every picture shifted and off-colour; those of one step alike, so that redrawn ones stay comparable."""
    original, step = Discriminator.forward, gan_step.training_step
    seed = [0]

    def forward(self: Discriminator, x: Tensor, labels: tuple[Tensor, ...] = ()) -> tuple[Tensor, list[Tensor]]:
        return original(self, _augment(x, torch.Generator().manual_seed(seed[0])), labels)

    def training_step(state: GanState, *given: Any) -> dict[str, Tensor]:
        seed[0] = state.step
        return step(state, *given)

    with patch.object(Discriminator, "forward", forward), patch.object(train, "training_step", training_step):
        yield


@contextmanager
def noisy() -> Iterator[None]:
    """D sees every picture, real or drawn, with noise (instance noise, Sønderby et al. 2017)."""
    original = Discriminator.forward

    def forward(self: Discriminator, x: Tensor, labels: tuple[Tensor, ...] = ()) -> tuple[Tensor, list[Tensor]]:
        return original(self, x + NOISE * torch.randn_like(x), labels)

    with patch.object(Discriminator, "forward", forward):
        yield


@contextmanager
def sub_pixel() -> Iterator[None]:
    """G with sub-pixel convolutions, where it is built and where it is loaded."""
    with patch.object(state, "Generator", _SubPixel), patch.object(weights, "Generator", _SubPixel):
        yield


class _Deviation(Discriminator):
    """D that also sees how much the pictures of a batch differ (minibatch standard deviation, Karras et al. 2018)."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.differing = spectral_norm(nn.Linear(1, 1))

    def forward(self, x: Tensor, labels: tuple[Tensor, ...] = ()) -> tuple[Tensor, list[Tensor]]:
        score, activations = super().forward(x, labels)
        deviation = activations[-1].float().var(dim=0).add(1e-8).sqrt().mean()
        return score + self.differing(deviation.view(1, 1)).flatten(), activations


class _SubPixel(Generator):
    """G that doubles by convolutions of 3 × 3 to four times the channels, rearranged (Shi et al. 2016)."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        for index, layer in enumerate(self.layers):
            if isinstance(layer, nn.ConvTranspose2d) and layer.stride == (2, 2):
                convolution = nn.Conv2d(layer.in_channels, 4 * layer.out_channels, 3, padding=1, bias=False)
                nn.init.normal_(convolution.weight, 0.0, 0.02)
                self.layers[index] = nn.Sequential(convolution, nn.PixelShuffle(2))


def _followed_by(more: Callable[..., None], every: int) -> Step:
    """Training steps, each `every` of which is followed by `more` on the same pictures."""
    step = gan_step.training_step

    def both(
        state: GanState, settings: GanConfig, real: Tensor, labels: tuple[Tensor, ...], precision: str
    ) -> dict[str, Tensor]:
        losses = step(state, settings, real, labels, precision)
        if state.step % every == 0:
            more(state, settings, real, labels)
        return losses

    return both


def _augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (N, 3, S, S) in [-1, 1], shifted and with other brightness, saturation and contrast."""

    def uniform(width: float) -> Tensor:
        return (torch.rand(len(x), 1, 1, 1, generator=generator) - 0.5).to(x) * 2 * width

    x = x + uniform(BRIGHTNESS)
    grey = x.mean(dim=1, keepdim=True)
    x = (x - grey) * (1 + uniform(SATURATION)) + grey
    middle = x.mean(dim=(1, 2, 3), keepdim=True)
    x = (x - middle) * (1 + uniform(CONTRAST)) + middle
    reach = int(SHIFT * x.shape[3])
    down, right = torch.randint(0, 2 * reach + 1, (2, len(x), 1), generator=generator)
    padded = F.pad(x, (reach,) * 4).permute(0, 2, 3, 1)
    each, side = torch.arange(len(x)), torch.arange(x.shape[3])
    shifted = padded[each[:, None, None], (side + down)[:, :, None], (side + right)[:, None, :]]
    return shifted.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


VARIANTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "hinge": hinge,
    "non_saturating": non_saturating,
    "penalised_gradient": penalised_gradient,
    "even_paths": even_paths,
    "augmented": augmented,
    "noisy": noisy,
    "batch_deviation": lambda: patch.object(state, "Discriminator", _Deviation),
    "sub_pixel": sub_pixel,
}
