"""The GAN's networks: shapes at every size, the published architecture, and small arithmetic beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from painter import bars
from torch import nn
from torch.distributions import Normal, kl_divergence

from tlgan_train.compute.compute import ON_CPU
from tlgan_train.config import Config
from tlgan_train.gan.perception import feature_distance
from tlgan_train.gan.state import build, label_arrays
from tlgan_train.gan.step import average, training_step, weighted
from tlgan_train.models import encoder
from tlgan_train.models.dcgan import Discriminator, FromPixel, Generator
from tlgan_train.models.inference import to_tensor, to_uint8

pytestmark = pytest.mark.numerical

FULL = {
    "discriminator_norm": "spectral", "reconstruction_weight": 40.0, "feature_weight": 1.0, "kl_weight": 0.02,
    "label_sectors": True, "sector_push": 2.0, "mapping_width": 16,
}  # fmt: skip
ENCODED = {"reconstruction", "feature", "kl"}
PAPER = {"discriminator_norm": "batch"}


def convolutions(network: nn.Module, kind: type[nn.Module]) -> list[tuple[int, ...]]:
    """(in, out, kernel, stride, padding) of each layer of a kind, in order."""
    found = [m for m in network.modules() if isinstance(m, kind)]
    return [(m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0], m.padding[0]) for m in found]


def test_paper_generator_has_five_transposed_convolutions() -> None:
    generator = Generator(100, 64, 64)
    assert convolutions(generator, nn.ConvTranspose2d) == [
        (100, 512, 4, 1, 0), (512, 256, 4, 2, 1), (256, 128, 4, 2, 1), (128, 64, 4, 2, 1), (64, 3, 4, 2, 1),
    ]  # fmt: skip
    kinds = [nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU] * 4 + [nn.ConvTranspose2d, nn.Tanh]
    assert [type(layer) for layer in generator.layers] == [FromPixel, *kinds[1:]]


def test_the_first_layer_is_a_transposed_convolution_whatever_it_is_computed_as() -> None:
    layer, usual = FromPixel(5, 3, 4, bias=False), nn.ConvTranspose2d(5, 3, 4, bias=False)
    usual.load_state_dict(layer.state_dict())
    pixels = torch.randn(4, 5, 1, 1, generator=torch.Generator().manual_seed(0))
    for one in (layer, usual):
        one(pixels).square().sum().backward()
    assert layer(pixels).shape == (4, 3, 4, 4)
    torch.testing.assert_close(layer(pixels), usual(pixels))
    torch.testing.assert_close(layer.weight.grad, usual.weight.grad)


def test_paper_discriminator_has_five_convolutions() -> None:
    discriminator = Discriminator(64, 64, "batch")
    assert convolutions(discriminator, nn.Conv2d) == [
        (3, 64, 4, 2, 1), (64, 128, 4, 2, 1), (128, 256, 4, 2, 1), (256, 512, 4, 2, 1), (512, 1, 4, 1, 0),
    ]  # fmt: skip
    kinds = [type(layer) for layer in discriminator.trunk]
    assert kinds == [nn.Conv2d, nn.LeakyReLU] + [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU] * 3
    assert {m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)} == {0.2}
    assert not any(m.bias is not None for m in discriminator.modules() if isinstance(m, nn.Conv2d))


@pytest.mark.parametrize("network", [Generator(64, 32, 32), Discriminator(64, 32, "batch")], ids=["G", "D"])
def test_weights_start_as_published(network: nn.Module) -> None:
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            assert layer.weight.mean().item() == pytest.approx(0, abs=0.003)
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)
        elif isinstance(layer, nn.BatchNorm2d):
            assert layer.weight.mean().item() == pytest.approx(1, abs=0.02) and not layer.bias.any()


def test_losses_of_the_generator_count_by_their_weights() -> None:
    gan = Config.from_dict({"gan": {"adversarial_weight": 0.25, "reconstruction_weight": 40, "kl_weight": 3}}).gan
    losses = {name: torch.tensor(value) for name, value in (("discriminator", 9.0), ("generator", 2.0), ("kl", 0.5))}
    assert weighted(gan, losses) == 0.25 * 2 + 3 * 0.5
    assert weighted(Config().gan, {"generator": torch.tensor(0.3)}) == torch.tensor(0.3)  # as in the paper


@pytest.mark.parametrize("size", [32, 64, 128, 256])
@pytest.mark.parametrize("settings", [FULL, PAPER], ids=["full", "paper"])
def test_a_step_at_every_image_size(size: int, settings: dict[str, object]) -> None:
    widths = {"latent_dim": 6, "generator_width": 2, "discriminator_width": 2, "ema_images": 4}
    config = Config.from_dict({"gan": {**widths, **settings}, "data": {"image_size": size}})
    dataset = bars(count=10, size=size)
    state = build(config, dataset, dataset.characters, ON_CPU)
    real = to_tensor(dataset.images[::15])
    arrays = label_arrays(dataset, dataset.characters, len(state.generator.prior.sizes))
    labels = tuple(torch.from_numpy(of[::15]) for of in arrays)
    before = [p.clone() for net in state.networks().values() for p in net.parameters()]
    losses = training_step(state, config.gan, real, labels, ON_CPU)

    names = {"discriminator", "generator"} | (ENCODED if settings is FULL else set())
    assert losses.keys() == names and all(torch.isfinite(loss) for loss in losses.values())
    after = [p for net in state.networks().values() for p in net.parameters()]
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))  # every one has learned something
    z = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    prior = state.averaged.prior
    drawn = state.averaged.eval()(prior(z))
    assert drawn.shape == (3, 3, size, size) and drawn.abs().max() <= 1
    score, activations = state.discriminator(drawn, prior.one_hot(prior.labels(z)))
    assert score.shape == (3,)
    assert [a.shape[2] for a in activations] == [side for side in (128, 64, 32, 16, 8, 4) if side < size]
    if state.encoder is not None:
        assert [moment.shape for moment in state.encoder(drawn)] == [(3, 6), (3, 6)]


def test_sectors_are_made_for_emotions_and_for_the_characters_that_are_drawn() -> None:
    dataset = bars(count=10)
    (labels,) = label_arrays(dataset, ("bo",), sets=1)  # a single character needs no sectors
    np.testing.assert_array_equal(labels, dataset.emotion)
    _, labels = label_arrays(dataset, ("bo", "ada"), sets=2)
    expected = {dataset.characters.index("bo"): 0, dataset.characters.index("ada"): 1}
    assert labels.tolist() == [expected.get(character, -1) for character in dataset.character]
    config = Config.from_dict({"gan": FULL, "data": {"image_size": 32}})
    assert build(config, dataset, ("bo",), ON_CPU).generator.prior.sizes == (3,)
    assert build(config, dataset, ("bo", "ada"), ON_CPU).generator.prior.sizes == (3, 2)
    without = Config.from_dict({"gan": PAPER, "data": {"image_size": 32}})
    assert build(without, dataset, ("bo", "ada"), ON_CPU).generator.prior.sizes == ()


def test_another_image_size_is_refused() -> None:
    with pytest.raises(ValueError, match="48"):
        Generator(8, 4, 48)


def test_averaged_weights_move_by_one_minus_decay() -> None:
    averaged, generator = Generator(4, 2, 32), Generator(4, 2, 32)
    for network, value in ((averaged, 1.0), (generator, 3.0)):
        for p in network.parameters():
            nn.init.constant_(p, value)
    average(averaged, generator, 0.75)
    assert all((p == 1.5).all() for p in averaged.parameters())
    average(averaged, generator, 0.0)
    assert all((p == 3).all() for p in (*averaged.parameters(), *generator.parameters()))


def test_pictures_are_rounded_to_the_nearest_level() -> None:
    values = torch.tensor([-1.0, -0.999, 0.001, 1.0, 2.0]).view(5, 1, 1, 1).expand(5, 3, 2, 2)
    levels = to_uint8(values)
    assert levels.shape == (5, 2, 2, 3) and levels.dtype == torch.uint8
    assert levels[:, 0, 0, 0].tolist() == [0, 0, 128, 255, 255]


def test_feature_distance_is_in_units_of_each_layers_variance() -> None:
    real = [torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0)) * scale for scale in (0.1, 10.0)]
    assert feature_distance(real, real).item() == 0
    apart = [real[0] + real[0].std(), real[1] + 3 * real[1].std()]
    assert feature_distance(apart, real).item() == pytest.approx((1 + 9) / 2, rel=1e-4)


def test_posterior_and_divergence() -> None:
    mean, log_variance = torch.tensor([[0.0, 1.0], [0.0, 0.0]]), torch.tensor([[0.5, -1.0], [0.0, 0.0]])
    prior = torch.tensor([[0.0, 0.0], [3.0, -1.0]]), torch.tensor([[1.0, 0.5], [2.0, 1.0]])
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(*prior)).sum(dim=1)
    torch.testing.assert_close(encoder.kl_divergence(mean, log_variance, *prior), expected)
    assert torch.equal(encoder.sample_posterior(mean, log_variance, torch.zeros_like(mean)), mean)
    drawn = encoder.sample_posterior(mean, log_variance, torch.ones_like(mean))
    torch.testing.assert_close(drawn - mean, (0.5 * log_variance).exp())


@pytest.mark.parametrize(("emotions", "expected"), [(3, 64), (16, 64), (40, 88)])
def test_latents_are_longer_where_there_are_many_labels(emotions: int, expected: int) -> None:
    dataset = replace(bars(count=10), emotions=tuple(f"emotion {number}" for number in range(emotions)))
    config = Config.from_dict({"gan": {**FULL, "latent_dim": 0}, "data": {"image_size": 32}})
    state = build(config, dataset, dataset.characters[:2], ON_CPU)
    assert state.generator.latent_dim == expected
    free = expected - (emotions - 1) - 1
    assert free >= 48 and state.generator.prior.labelled == expected - free


@pytest.mark.parametrize(("kept", "emotions", "expected"), [(0, 3, 0), (5, 3, 5), (100, 3, 8), (100, 1024, 4)])
def test_no_more_codes_are_kept_than_there_are_pictures_or_a_bundle_can_hold(
    kept: int, emotions: int, expected: int
) -> None:
    dataset = replace(bars(count=10), emotions=tuple(f"emotion {number}" for number in range(emotions)))
    config = Config.from_dict({"gan": {**FULL, "latent_dim": 0, "codes": kept}, "data": {"image_size": 32}})
    prior = build(config, dataset, dataset.characters[:2], ON_CPU).generator.prior
    assert (prior.mixtures.codes.shape[1] if prior.mixtures else 0) == expected
