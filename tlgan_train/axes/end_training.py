"""Train the network of the method `path`, through the generator and the classifiers, on any emotion of any face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from tlgan_train.axes.likeness import Likeness
from tlgan_train.axes.samples import Samples
from tlgan_train.classifiers.augment import augment
from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.compute.seeds import stream_seed
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.ends import PathNetwork

BATCH_SIZE = 64
LEARNING_RATE = 1e-3
"""Adam's step size at the start. It falls to 0 in a straight line."""
KEPT_CHANCE = 0.25
"""Probability that each other emotion is kept, in the training that learns to keep."""
DISTANCE_WEIGHT = 0.03
"""Weight of the distance from the face's mirror image. The cross-entropies of emotion and character have weight 1."""
REST_PRICE = 4
"""How much dearer, in squared distance, coordinates are that belong to no label. They hold pose, gaze and light, but
also some of the emotion. Without labels, all cost alike."""
LIKENESS_WEIGHT = 1.0
"""Weight of the distance of ends from draws that show the emotion."""
COMPARED = 512
"""Ends of one emotion that are compared with such draws in each step. Nothing is drawn for it."""
MOST_MARGIN, MARGIN_RATE = 3.0, 0.2
"""Largest margin of an emotion, and its change for each step and each unit of probability that is missing."""
KEEPING_WEIGHT = 1.0
"""Weight of the kept emotions."""
SMOOTHING = 0.99
"""Decay of the running means of the losses that the log reports."""


class Moves(NamedTuple):
    """A training batch of N moves."""

    z: Tensor
    """(N, latent_dim)."""
    emotion: Tensor
    """int64 (N,), the emotion that the end must show."""
    keep: Tensor
    """(N, E), 1 for emotions to keep and 0 for others."""
    shown: Tensor
    """(N, E) probabilities of emotions at the start."""
    character: Tensor
    """(N, C) probabilities of characters at the start."""


class Losses(NamedTuple):
    """Means over the ends of a batch, () each."""

    emotion: Tensor
    """Cross-entropy of the target emotion with its margin, among the emotions that are not kept."""
    character: Tensor
    """Cross-entropy of the character at the start."""
    distance: Tensor
    """√(1 + d²) - 1 of the distance d from the mirror image. d² would mostly hold back the few ends that are far away.
    """
    unlikeness: Tensor
    """Distance of the latents of ends from draws that show the emotion; 0 where emotions are kept."""
    kept: Tensor
    """Cross-entropy of the probabilities of kept emotions at the start."""


class EndTrainer:
    """Trains ends with frozen networks and labelled latents.

    Faces and emotions are drawn at random. All `classifiers` must read the emotion, and the character from the start,
    in the end. They see it augmented as in their own training, because networks are easily fooled by clean pictures.
    The end must stay near the mirror image of the face, and lie where draws of the emotion lie. If emotions are kept,
    the end must show them as far as the face did, in addition to the target.

    Some emotions look much like another one, so that these demands outweigh the cross-entropy before they are clear.
    The logit of such an emotion is lowered by a margin (as in Wang et al. 2018, "Additive Margin Softmax"), which grows
    until its ends show it with a mean probability of `SUCCESS`.
    """

    def __init__(
        self,
        samples: Samples,
        generator: Generator,
        classifiers: Sequence[nn.Module],
        compute: Compute = ON_CPU,
    ) -> None:
        self._compute, self._device = compute, compute.device
        self._generator = compute.place(generator).requires_grad_(False)
        self._classifiers = [compute.place(classifier).requires_grad_(False) for classifier in classifiers]
        self._z = compute.put(samples.z)
        self._shown, self._character = (
            torch.from_numpy(logits).softmax(dim=1).to(compute.device)
            for logits in (samples.emotion, samples.character)
        )
        labelled = generator.prior.labelled
        self._likeness = compute.place(Likeness(self._z, self._shown, labelled))
        self._margins = torch.zeros(self._shown.shape[1], device=self._device)
        self._price = torch.ones(self._z.shape[1], device=self._device)
        if labelled:
            self._price[labelled:] = REST_PRICE

    def train(self, network: PathNetwork, faces: int, seed: int, log: Callable[[str], None] = print) -> PathNetwork:
        """Train `network` on `faces` moves, then on half as many that keep emotions, and return it in eval mode."""
        self._compute.place(network)
        order = torch.Generator().manual_seed(stream_seed(seed, "paths"))
        found = self._learn(network, network.better, order, faces, keeping=False)
        log(
            f"path: {faces:,} moves, cross-entropy of emotion {found.emotion:.3f} and character {found.character:.3f}, "
            f"distance {found.distance:.2f} from mirror images, {found.unlikeness:.3f} unlike draws"
        )
        network.better.requires_grad_(False)
        order = torch.Generator().manual_seed(stream_seed(seed, "paths that keep"))
        found = self._learn(network, network.keeping, order, -(-faces // 2), keeping=True)
        log(
            f"path, keeping emotions: cross-entropy of emotion {found.emotion:.3f}, of kept emotions {found.kept:.3f} "
            f"and of character {found.character:.3f}, distance {found.distance:.2f}"
        )
        return network.eval()

    def losses(self, network: PathNetwork, moves: Moves, changes: torch.Generator, compare: bool) -> Losses:
        """Return the losses of the ends of `moves`, and adapt the margins of their emotions.

        `changes` draws the augmentation, `compare` says whether ends of other faces are compared with draws.
        """
        rows, count = torch.arange(len(moves.z)), len(self._classifiers)
        beyond = network.beyond(moves.z, moves.keep)
        drawn = self._generator(network.ends(moves.z, moves.keep, beyond)[rows, moves.emotion])
        faces = augment(drawn, changes)
        emotion, character = (
            torch.cat(logits) for logits in zip(*(classifier(faces) for classifier in self._classifiers), strict=True)
        )
        others, wanted = emotion.masked_fill(moves.keep.repeat(count, 1) > 0, -torch.inf), moves.emotion.repeat(count)
        kept = functional.log_softmax(emotion, dim=1) * (moves.shown * moves.keep).repeat(count, 1)
        return Losses(
            emotion=functional.cross_entropy(self._lowered(others, wanted), wanted),
            character=functional.cross_entropy(character, moves.character.repeat(count, 1)),
            distance=((self._price * beyond[rows, moves.emotion].square()).sum(dim=1) + 1).sqrt().mean() - 1,
            unlikeness=self._unlikeness(network, changes) if compare else drawn.new_zeros(()),
            kept=-kept.sum(dim=1).mean(),
        )

    def _lowered(self, logits: Tensor, emotion: Tensor) -> Tensor:
        """Return logits (N, E) less the margins of the target emotions (N,), and adapt the margins."""
        targets = functional.one_hot(emotion, logits.shape[1])
        lowered = logits - self._margins * targets
        missing = ((SUCCESS - logits.detach().softmax(dim=1)) * targets).sum(dim=0) / targets.sum(dim=0).clamp_min(1)
        self._margins = (self._margins + MARGIN_RATE * missing).clamp(0, MOST_MARGIN)
        return lowered

    def _unlikeness(self, network: PathNetwork, order: torch.Generator) -> Tensor:
        """Return how far the ends of random faces are from draws of a random emotion."""
        z = self._z[torch.randint(len(self._z), (COMPARED,), generator=order)]
        emotion, none = int(torch.randint(self._shown.shape[1], (), generator=order)), torch.zeros_like(self._shown[:1])
        return self._likeness(network(z, none)[:, emotion], emotion, order)

    def _learn(
        self, network: PathNetwork, layers: nn.Sequential, order: torch.Generator, faces: int, keeping: bool
    ) -> Losses:
        """Train `layers` of `network`, and return running means of the losses."""
        optimizer, steps = torch.optim.Adam(layers.parameters(), LEARNING_RATE), -(-faces // BATCH_SIZE)
        weights = torch.tensor([1.0, 1.0, DISTANCE_WEIGHT, LIKENESS_WEIGHT, KEEPING_WEIGHT], device=self._device)
        sums, self._margins = torch.zeros(len(weights)), torch.zeros_like(self._margins)
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 - step / steps)
            losses = torch.stack(self.losses(network, self._drawn(order, keeping), order, compare=not keeping))
            optimizer.zero_grad(set_to_none=True)
            (weights * losses).sum().backward()
            optimizer.step()
            sums = SMOOTHING * sums + (1 - SMOOTHING) * losses.detach().cpu()
        return Losses(*(sums / (1 - SMOOTHING**steps)))

    def _drawn(self, order: torch.Generator, keeping: bool) -> Moves:
        """Draw a batch of random moves. With `keeping`, each keeps some of its other emotions."""
        count, batch = self._shown.shape[1], torch.arange(BATCH_SIZE)
        chosen = torch.randint(len(self._z), (BATCH_SIZE,), generator=order)
        emotion = torch.randint(count, (BATCH_SIZE,), generator=order)
        keep = torch.zeros(BATCH_SIZE, count)
        if keeping:
            keep = (torch.rand(BATCH_SIZE, count, generator=order) < KEPT_CHANCE).float()
            keep[batch, emotion] = 0
        emotion, keep = emotion.to(self._device), keep.to(self._device)
        return Moves(self._z[chosen], emotion, keep, self._shown[chosen], self._character[chosen])
