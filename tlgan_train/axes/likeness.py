"""A training loss that compares drawn faces of an emotion with its pictures, in the codes of the encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from tlgan_train.compute.seeds import stream_seed
from tlgan_train.data.dataset import Dataset
from tlgan_train.models.inference import predict

PICTURES = 4096
"""Largest number of pictures of each emotion to compare with. Among few pictures, common properties are chance."""


class Likeness(nn.Module):
    """Faces float32 (N, 3, S, S) in [-1, 1], emotions int64 (N,) → distance from pictures of these emotions, ().

    It is the kernel distance (Bińkowski et al. 2018, as in KID) between codes of faces and of pictures. It is unbiased,
    so it may be below 0. Codes hold properties that a classifier of emotions ignores: intensity, eyelids, pose. Faces
    of an emotion with only one face in the batch, or with fewer than two pictures, count as 0.

    Args:
        encoder: the encoder that was trained with the generator, in eval mode.
        codes: codes (M, latent_dim) of the pictures of each emotion.
    """

    codes: Tensor
    scale: Tensor
    within: Tensor
    """(E,) means of the kernel over pairs of pictures of each emotion. They do not depend on the faces."""

    def __init__(self, encoder: nn.Module, codes: Sequence[Tensor]) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.pictures = [len(of) for of in codes]
        self.register_buffer("scale", torch.cat(list(codes)).std(dim=0))
        self.register_buffer("codes", torch.cat(list(codes)) / self.scale)
        self.register_buffer("within", torch.stack([_within(of) for of in self.codes.split(self.pictures)]))

    @classmethod
    def to_pictures(cls, encoder: nn.Module, dataset: Dataset, characters: tuple[str, ...], seed: int) -> Likeness:
        """Return a likeness to training pictures of these characters, chosen at random."""
        rng, train = np.random.default_rng(stream_seed(seed, "likeness")), dataset.indices("train", characters)
        chosen = [
            rng.permutation(train[dataset.emotion[train] == emotion])[:PICTURES]
            for emotion in range(len(dataset.emotions))
        ]
        codes = torch.from_numpy(predict(encoder, dataset.images, np.concatenate(chosen))[0])
        return cls(encoder, codes.split([len(indices) for indices in chosen]))

    def forward(self, faces: Tensor, emotion: Tensor) -> Tensor:
        """Return the distance, ()."""
        found = self.encoder(faces)[0] / self.scale
        total = found.new_zeros(())
        for kind, of in enumerate(self.codes.split(self.pictures)):
            subset = found[emotion == kind]
            if len(subset) > 1 and len(of) > 1:
                total = total + len(subset) * (_within(subset) + self.within[kind] - 2 * _kernel(subset, of).mean())
        return total / len(found)


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _within(codes: Tensor) -> Tensor:
    """Return the mean of the kernel over pairs of different rows."""
    kernel, count = _kernel(codes, codes), len(codes)
    return (kernel.sum() - kernel.diagonal().sum()) / (count * (count - 1))
