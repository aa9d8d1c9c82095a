"""What trained classifiers see in pictures, and the losses that follow from it."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor

from tlgan_train.compute.compute import Compute
from tlgan_train.gan.state import GanState
from tlgan_train.sections import GanConfig

SHIFT = 4
"""Largest shift of the pictures that classifiers see, in pixels. What leaves at one side comes back at the other."""
DEEP_LAYERS, DEEP_SHARE = 2, 0.3
"""The last layers of a classifier, and how much they count beside one of the others in the perceptual loss. They see
what is shown but hardly how it looks: a generator that follows them draws streaks that are read as brows."""
BLUR = 7
"""Side of the squares over which saliency is averaged, twice, in pixels."""


def picture_losses(
    state: GanState, gan: GanConfig, real: Tensor, redrawn: Tensor, compute: Compute
) -> dict[str, Tensor]:
    """Return how far redrawn pictures are from real ones, (N, 3, S, S) each: in pixels, and in what a classifier sees.

    The classifiers take turns. Both pictures are shifted by the same few pixels. The strides of a classifier make it
    blind to some patterns of pixels at fixed places. Without shifts, the generator draws such patterns: a grid on every
    face.
    """
    if not gan.perceptual_weight:
        return {"reconstruction": F.mse_loss(redrawn.float(), real)}
    real, redrawn = shifted(real, redrawn)
    weights, targets = looked_at(state, gan, real, compute)
    with compute.autocast():
        _, activations = state.reader.with_activations(redrawn)
    return {
        "reconstruction": (weights * (redrawn.float() - real).square()).mean(),
        "perceptual": feature_distance(activations, targets, DEEP_SHARE),
    }


def looked_at(state: GanState, gan: GanConfig, real: Tensor, compute: Compute) -> tuple[Tensor | float, list[Tensor]]:
    """Return how much each pixel of pictures counts, (N, 1, S, S) with mean 1, and the activations of a classifier."""
    with torch.set_grad_enabled(gan.saliency > 0), compute.autocast():
        pictures = real.detach().requires_grad_(gan.saliency > 0)
        emotion, activations = state.reader.with_activations(pictures)
    weights = 1 - gan.saliency + gan.saliency * saliency(pictures, emotion.float()) if gan.saliency else 1.0
    return weights, [activation.detach() for activation in activations]


def saliency(pictures: Tensor, emotion: Tensor) -> Tensor:
    """Return how much each pixel decides which emotion is read, (N, 1, S, S), 1 in the mean of each picture.

    It is the size of the gradient of this emotion's logit (Simonyan et al. 2014), averaged over neighbours.

    Args:
        pictures: (N, 3, S, S), for which gradients are enabled.
        emotion: logits (N, E), computed from them.
    """
    (gradient,) = torch.autograd.grad((emotion.amax(dim=1) - emotion.mean(dim=1)).sum(), pictures)
    size = gradient.float().abs().sum(dim=1, keepdim=True)
    size = F.pad(size, [2 * (BLUR // 2)] * 4, mode="replicate")
    for window in ((BLUR, 1), (1, BLUR)) * 2:  # rows, then columns: less arithmetic than squares
        size = F.avg_pool2d(size, window, stride=1)
    return size / size.mean(dim=(2, 3), keepdim=True).clamp(min=torch.finfo().tiny)


def feature_distance(drawn: list[Tensor], real: list[Tensor], deep_share: float = 1.0) -> Tensor:
    """Return the squared distance of activations, divided by the variance of the real ones, as the mean over layers.

    See Larsen et al. 2016. The last `DEEP_LAYERS` layers count `deep_share` times as much as the others.
    """
    pairs = [(of.float(), to.float()) for of, to in zip(drawn, real, strict=True)]
    distances = torch.stack([F.mse_loss(of, to) / to.var() for of, to in pairs])
    weights = torch.ones_like(distances)
    weights[-DEEP_LAYERS:] = deep_share
    return (weights * distances).sum() / weights.sum()


def emotions_seen(state: GanState, pictures: Tensor, compute: Compute) -> Tensor:
    """Return the logits (N, E) of the emotions that one of the classifiers, which take turns, reads in pictures."""
    with compute.autocast():
        emotion, _ = state.reader(*shifted(pictures))
    return emotion.float()


def paced_edit_loss(state: GanState, pictures: Tensor, own: Tensor, asked: Tensor, compute: Compute) -> Tensor:
    """Return the cross-entropy of the emotions `asked` (n,) of edited pictures, as far as faces can be read by now.

    `pictures` are n redrawn pictures, with labels `own`, and n edited ones. The loss has the square of the probability
    of the right emotion in redrawn pictures as a factor. While these are blurs, a classifier teaches nothing but noise:
    then faces come hardly any nearer to pictures.
    """
    redrawn, edited = emotions_seen(state, pictures, compute).chunk(2)
    read = redrawn.softmax(dim=1).gather(1, own[: len(redrawn), None]).mean()
    return read.square() * F.cross_entropy(edited, asked)


def shifted(*pictures: Tensor) -> tuple[Tensor, ...]:
    """Return pictures (N, 3, S, S), all shifted by the same few pixels at random."""
    down, right = (int(shift) for shift in torch.randint(-SHIFT, SHIFT + 1, (2,)))
    return tuple(picture.roll((down, right), (2, 3)) for picture in pictures)
