"""The distance between faces and pictures of the same emotions, in the codes of an encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from painter import bars
from torch import Tensor, nn

from tlgan_train.axes.likeness import Likeness
from tlgan_train.evaluation.metrics import kid

pytestmark = pytest.mark.numerical


class Colours(nn.Module):
    """Pictures (N, 3, S, S) → their mean colours as codes, (N, 3), which are certain."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        codes = self.gain * x.mean(dim=(2, 3))
        return codes, torch.full_like(codes, -8)


def pictures(codes: Tensor) -> Tensor:
    return codes[:, :, None, None].expand(-1, -1, 4, 4)


def codes(count: int, mean: float = 0.0, seed: int = 0) -> Tensor:
    return mean + torch.randn(count, 3, generator=torch.Generator().manual_seed(seed))


def test_it_is_the_kernel_distance_of_codes() -> None:
    real, drawn = codes(300), codes(200, 0.8, seed=1)
    distance = Likeness(Colours(), [real])(pictures(drawn), torch.zeros(200, dtype=torch.int64))
    scale = real.std(dim=0)
    many = [kid((real / scale).numpy(), (drawn / scale).numpy(), seed) for seed in range(20)]  # of subsets
    assert abs(float(distance) - np.mean(many)) < 0.05 * np.mean(many)


def test_faces_are_compared_with_pictures_of_their_emotion_alone() -> None:
    likeness, far = Likeness(Colours(), [codes(400), codes(400, 3.0, seed=1)]), torch.arange(200) % 2
    drawn = codes(200, seed=2) + 3.0 * far[:, None]
    assert abs(float(likeness(pictures(drawn), far))) < 0.1
    assert float(likeness(pictures(drawn), 1 - far)) > 1


def test_what_cannot_be_compared_counts_as_nothing() -> None:
    likeness = Likeness(Colours(), [codes(50), codes(0), codes(1)])
    drawn, emotion = codes(5, 2.0), torch.tensor([0, 1, 1, 2, 2])
    assert float(likeness(pictures(drawn), emotion)) == 0


def test_it_can_be_descended() -> None:
    likeness, drawn = Likeness(Colours(), [codes(400)]), codes(100, 2.0, seed=1).requires_grad_(True)
    likeness(pictures(drawn), torch.zeros(100, dtype=torch.int64)).backward()
    assert drawn.grad is not None and (drawn.grad.mean(dim=0) > 0).all()


def test_its_pictures_are_those_of_the_characters_asked_for_in_training() -> None:
    data = bars(count=40)
    likeness = Likeness.to_pictures(Colours(), data, data.characters[:1], seed=0)
    train = data.indices("train", data.characters[:1])
    assert likeness.pictures == np.bincount(data.emotion[train], minlength=len(data.emotions)).tolist()
    again = Likeness.to_pictures(Colours(), data, data.characters[:1], seed=0)
    assert torch.equal(likeness.codes, again.codes)
