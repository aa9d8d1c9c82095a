"""How unlike the pictures of an emotion drawn faces of it are, in the codes of the encoder: a term of training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from tlgan_train.compute.seeds import stream_seed
from tlgan_train.data.dataset import Dataset
from tlgan_train.models.inference import predict

PICTURES = 4096
"""Pictures of each emotion, at most, that faces are compared with: of few, chance says what they have in common."""


class Likeness(nn.Module):
    """Faces float32 (N, 3, S, S) in [-1, 1] and their emotions int64 (N,) → () distance from pictures of them.

    The kernel distance (Bińkowski et al. 2018, as in KID; unbiased, so it may be below 0) between codes of faces and of
    pictures, which hold what a classifier of emotions has no use for: how strongly one is shown, lids, pose. Faces of
    an emotion that appears once in a batch, or in fewer than two pictures, count as 0.

    Args:
        encoder: that was trained along with the generator, in eval mode.
        codes: of each emotion's pictures, (M, latent_dim).
    """

    codes: Tensor
    scale: Tensor
    within: Tensor
    """(E,) means of the kernel over pairs of pictures of an emotion, which no face changes."""

    def __init__(self, encoder: nn.Module, codes: Sequence[Tensor]) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.pictures = [len(of) for of in codes]
        self.register_buffer("scale", torch.cat(list(codes)).std(dim=0))
        self.register_buffer("codes", torch.cat(list(codes)) / self.scale)
        self.register_buffer("within", torch.stack([_within(of) for of in self.codes.split(self.pictures)]))

    @classmethod
    def to_pictures(cls, encoder: nn.Module, dataset: Dataset, characters: tuple[str, ...], seed: int) -> Likeness:
        """To training pictures of these characters, chosen at random."""
        rng, train = np.random.default_rng(stream_seed(seed, "likeness")), dataset.indices("train", characters)
        chosen = [
            rng.permutation(train[dataset.emotion[train] == emotion])[:PICTURES]
            for emotion in range(len(dataset.emotions))
        ]
        codes = torch.from_numpy(predict(encoder, dataset.images, np.concatenate(chosen))[0])
        return cls(encoder, codes.split([len(indices) for indices in chosen]))

    def forward(self, faces: Tensor, emotion: Tensor) -> Tensor:
        found = self.encoder(faces)[0] / self.scale
        total = found.new_zeros(())
        for kind, of in enumerate(self.codes.split(self.pictures)):
            mine = found[emotion == kind]
            if len(mine) > 1 and len(of) > 1:
                total = total + len(mine) * (_within(mine) + self.within[kind] - 2 * _kernel(mine, of).mean())
        return total / len(found)


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _within(codes: Tensor) -> Tensor:
    """Mean of the kernel over pairs of different rows."""
    kernel, count = _kernel(codes, codes), len(codes)
    return (kernel.sum() - kernel.diagonal().sum()) / (count * (count - 1))
