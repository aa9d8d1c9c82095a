"""The gradient graph against automatic differentiation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from tlgan_train.axes.gradient import GradientGraph, pullback
from tlgan_train.export.bundle import export_ends
from tlgan_train.models.alexnet import EmotionClassifier
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.prior import Prior

pytestmark = pytest.mark.numerical


def networks(size: int) -> tuple[Generator, EmotionClassifier]:
    torch.manual_seed(3)
    generator, classifier = Generator(6, 4, size, mapping_width=8), EmotionClassifier(3, 2, hidden=8)
    for module in (*generator.modules(), *classifier.modules()):
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 2)
    with torch.no_grad():
        for weight in generator.layers.parameters():
            weight.mul_(4)  # so that faces differ, and activations lie on both sides
    return generator.eval(), classifier.eval()


def given(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    changes = torch.Generator().manual_seed(1)
    z = torch.randn(count, 6, generator=changes)
    return z, torch.rand(count, 3, generator=changes), torch.eye(2)[torch.arange(count) % 2]


@pytest.mark.parametrize("size", [32, 64, 128])
def test_it_is_the_gradient_of_both_cross_entropies(size: int) -> None:
    generator, classifier = (network.double() for network in networks(size))
    z, emotion, character = (tensor.double() for tensor in given(4))
    emotion[3], character[2] = 0, 0  # a row that wants nothing
    z.requires_grad_(True)
    told, who = classifier(generator(z))
    loss = -(emotion * told.log_softmax(1)).sum() - (character * who.log_softmax(1)).sum()
    loss.backward()
    gradient, seen, owner = GradientGraph(generator, classifier)(z.detach(), emotion, character)
    assert z.grad.abs().max() > 1e-3
    torch.testing.assert_close(gradient, z.grad, rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(seen, told.softmax(1))
    torch.testing.assert_close(owner, who.softmax(1))


def test_it_is_nothing_where_no_edit_moves() -> None:
    generator, classifier = networks(32)
    everywhere = GradientGraph(generator, classifier)(*given(4))
    generator.prior = Prior((3, 2), 6)
    some = GradientGraph(generator, classifier)(*given(4))
    assert torch.equal(some[0][:, :3], everywhere[0][:, :3]) and not some[0][:, 3:].any()
    assert everywhere[0][:, 3:].any()


@pytest.mark.slow
def test_any_onnx_runtime_gets_the_same(tmp_path: Path) -> None:
    generator, classifier = networks(32)
    export_ends({"gradient", None}, tmp_path, generator, classifier, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "gradient.onnx")
    tensors = given(5)
    feeds = dict(zip(("z", "wanted_emotion", "wanted_character"), (t.numpy() for t in tensors), strict=True))
    with torch.no_grad():
        expected = GradientGraph(generator, classifier)(*tensors)
    for found, wanted in zip(session.run(["gradient", "emotion", "character"], feeds), expected, strict=True):
        off = np.linalg.norm(found - wanted.numpy(), axis=1) / np.linalg.norm(wanted.numpy(), axis=1)
        assert off.max() < 0.1  # weights are stored in half the bytes, and steps of descent need no more


def test_a_layer_without_a_way_back_is_refused() -> None:
    with pytest.raises(TypeError, match="no way back through GELU"):
        pullback(torch.nn.GELU(), torch.zeros(1), torch.zeros(1))
