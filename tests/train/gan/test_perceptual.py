"""The perceptual loss: pictures are redrawn so that classifiers see the same in them."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from commands import call
from painter import bars

from tlgan_train.cli.commands import main
from tlgan_train.compute.compute import ON_CPU
from tlgan_train.config import Config
from tlgan_train.errors import TrainError
from tlgan_train.gan.perception import feature_distance, paced_edit_loss, picture_losses, saliency
from tlgan_train.gan.state import build, label_arrays
from tlgan_train.gan.step import edited, reconstruct, training_step, warmup_step
from tlgan_train.gan.train import train_gan
from tlgan_train.models.alexnet import EmotionClassifier
from tlgan_train.models.inference import to_tensor
from tlgan_train.models.prior import Prior
from tlgan_train.models.residual import ResidualClassifier

pytestmark = pytest.mark.numerical

SETTINGS = {
    "latent_dim": 8, "generator_width": 4, "discriminator_width": 4, "batch_size": 8, "images": 24, "warmup_images": 16,
    "reconstruction_weight": 40.0, "kl_weight": 0.02, "label_sectors": True, "perceptual_weight": 2.0,
    "precision": "fp32",
}  # fmt: skip
CONFIG = Config.from_dict({"gan": SETTINGS, "data": {"image_size": 32}})


def untrained(network: str) -> ResidualClassifier | EmotionClassifier:
    torch.manual_seed(0)
    shape = {"emotions": 3, "characters": 2, "hidden": 8}
    found = EmotionClassifier(**shape) if network == "alexnet" else ResidualClassifier(**shape, image_size=32)
    return found.eval().requires_grad_(False)


@pytest.mark.parametrize("network", ["residual", "alexnet"])
def test_activations_are_those_that_lead_to_the_verdict(network: str) -> None:
    classifier = untrained(network)
    x = to_tensor(bars(count=1).images[:4])
    emotion, found = classifier.with_activations(x)
    assert len({activation.shape for activation in found}) == len(found) >= 4 or network == "alexnet"
    last = found[-1] if network == "residual" else classifier.features[-1](found[-1]).mean(dim=(2, 3))
    torch.testing.assert_close(classifier.emotion(last), classifier(x)[0])
    torch.testing.assert_close(emotion, classifier(x)[0])


def test_the_loss_is_0_for_equal_pictures_and_teaches_generator_and_encoder() -> None:
    data = bars(count=10)
    state = build(CONFIG, data, data.characters, ON_CPU)
    state.readers = (untrained("residual"),)
    real = to_tensor(data.images[:8])
    labels = tuple(torch.from_numpy(of[:8]) for of in label_arrays(data, data.characters, sets=2))
    losses, _ = reconstruct(state, CONFIG.gan, real, labels, ON_CPU)
    losses["perceptual"].backward()
    for network in (state.generator, state.encoder):
        gradients = [p.grad for p in network.parameters() if p.requires_grad and p.grad is not None]
        assert gradients and any(gradient.abs().max() > 0 for gradient in gradients)
    _, activations = state.readers[0].with_activations(real)
    assert feature_distance(activations, activations) == 0 < losses["perceptual"].detach()
    without = Config.from_dict({"gan": {**SETTINGS, "perceptual_weight": 0.0}, "data": {"image_size": 32}})
    assert "perceptual" not in reconstruct(state, without.gan, real, labels, ON_CPU)[0]


def test_the_last_layers_count_less_where_asked() -> None:
    real = [torch.tensor([-1.0, 1.0])] * 4
    drawn = [of + error for of, error in zip(real, (0, 0, 0, 2), strict=True)]  # 2 is the variance of the real ones
    assert feature_distance(drawn, real) == pytest.approx(2 / 4)
    assert feature_distance(drawn, real, deep_share=0.5) == pytest.approx(0.5 * 2 / 3)


def test_pixels_count_by_how_much_they_decide_the_emotion() -> None:
    data = bars(count=10)
    state = build(CONFIG, data, data.characters, ON_CPU)
    state.readers = (Corner(),)  # type: ignore[assignment]
    real = torch.ones(2, 3, 32, 32, requires_grad=True)
    counts = saliency(real, Corner().with_activations(real)[0])
    assert counts.shape == (2, 1, 32, 32)
    torch.testing.assert_close(counts.mean(dim=(1, 2, 3)), torch.ones(2))
    assert counts[..., :8, :8].min() > 1 and counts[..., 18:, 18:].max() == 0

    def error(share: float, place: slice) -> float:
        settings = {**SETTINGS, "saliency": share}
        drawn = torch.ones(2, 3, 32, 32)
        drawn[..., place, place] = 0
        torch.manual_seed(0)
        gan = Config.from_dict({"gan": settings, "data": {"image_size": 32}}).gan
        return picture_losses(state, gan, torch.ones(2, 3, 32, 32), drawn, ON_CPU)["reconstruction"].item()

    middle_of_corner, far = slice(4, 8), slice(22, 26)
    assert error(0.0, middle_of_corner) == error(0.0, far) == pytest.approx(16 / 32**2)
    assert error(0.75, far) == pytest.approx(0.25 * 16 / 32**2)
    assert error(0.75, middle_of_corner) > 2 * 16 / 32**2


class Corner:
    """Reads the emotion from the first 12 × 12 pixels."""

    def with_activations(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        seen = x[..., :12, :12].mean(dim=(1, 2, 3))
        return torch.stack([seen, 0 * seen, 0 * seen], dim=1), [x]


def test_classifiers_take_turns_and_do_not_change() -> None:
    data = bars(count=10)
    state = build(CONFIG, data, data.characters, ON_CPU)
    seen: list[int] = []
    state.readers = (untrained("residual"), untrained("residual"))
    before = deepcopy([reader.state_dict() for reader in state.readers])
    for place, reader in enumerate(state.readers):
        reader.neck.register_forward_hook(lambda *_, place=place: seen.append(place))
    labels = tuple(torch.from_numpy(of[:8]) for of in label_arrays(data, data.characters, sets=2))
    for state.step in range(3):
        warmup_step(state, CONFIG.gan, to_tensor(data.images[:8]), labels, ON_CPU)
    assert seen == [0, 0, 1, 1, 0, 0]  # real and redrawn pictures
    for reader, weights in zip(state.readers, before, strict=True):
        assert all(torch.equal(weights[name], value) for name, value in reader.state_dict().items())


def test_edited_latents_have_the_emotion_of_others() -> None:
    prior = Prior((3, 2), 8, push=2.0)
    z = torch.randn(40, 8, generator=torch.Generator().manual_seed(0))
    latents, labels = prior(z), prior.labels(z)[0]
    torch.manual_seed(0)
    moved, emotion = edited(prior, latents, labels, 20)
    assert torch.equal(moved[:, 2:], latents[:20, 2:])
    for row, label in zip(moved, emotion, strict=True):
        (origin,) = torch.nonzero((latents[:, :2] == row[:2]).all(dim=1))
        assert label == labels[origin]
    assert not torch.equal(emotion, labels[:20])


@pytest.mark.parametrize("step", [warmup_step, training_step])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_classifiers_must_see_the_emotion_of_an_edited_picture(weight: float, step: Callable[..., Any]) -> None:
    data = bars(count=10)
    config = Config.from_dict({"gan": {**SETTINGS, "edit_weight": weight}, "data": {"image_size": 32}})
    state = build(config, data, data.characters, ON_CPU)
    state.readers = (untrained("residual"),)
    labels = tuple(torch.from_numpy(of[:8]) for of in label_arrays(data, data.characters, sets=2))
    losses = step(state, config.gan, to_tensor(data.images[:8]), labels, ON_CPU)
    assert ("edit" in losses) == (weight > 0)


def test_encoder_and_fully_connected_layers_learn_from_edited_pictures_in_the_warmup() -> None:
    data = bars(count=10)
    settings = {**SETTINGS, "edit_weight": 1.0, "mapping_width": 8}
    config = Config.from_dict({"gan": settings, "data": {"image_size": 32}})
    state = build(config, data, data.characters, ON_CPU)
    state.readers = (untrained("residual"),)
    labels = tuple(torch.from_numpy(of[:8]) for of in label_arrays(data, data.characters, sets=2))
    losses, redrawn = reconstruct(state, config.gan, to_tensor(data.images[:8]), labels, ON_CPU)
    assert "edit" in losses and len(redrawn) == 8
    losses["edit"].backward()
    for network in (state.encoder, state.generator.mapping):
        assert any(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())
    assert all(p.grad is None for p in state.generator.layers.parameters())
    state.encoder.eval()
    losses, redrawn = reconstruct(state, config.gan, to_tensor(data.images[:8]), labels, ON_CPU)
    assert "edit" not in losses and len(redrawn) == 8


@pytest.mark.parametrize(("certainty", "factor"), [(0.0, 1 / 9), (20.0, 1.0)])
def test_edits_teach_as_far_as_redrawn_faces_can_be_read(certainty: float, factor: float) -> None:
    data = bars(count=10)
    state = build(CONFIG, data, data.characters, ON_CPU)
    seen = torch.cat([certainty * torch.eye(3)[[0, 1]], torch.zeros(2, 3)])  # two redrawn faces, then two edited ones
    state.readers = (lambda _: (seen, None),)  # type: ignore[assignment]
    loss = paced_edit_loss(state, torch.zeros(4, 3, 32, 32), torch.tensor([0, 1]), torch.tensor([2, 2]), ON_CPU)
    assert loss.item() == pytest.approx(factor * math.log(3), rel=1e-3)


def test_without_a_classifier_training_is_refused(tmp_path: Path) -> None:
    data = bars(count=10)
    with pytest.raises(TrainError, match=r"gan\.perceptual_weight needs a trained classifier"):
        train_gan(CONFIG, data, data.characters, tmp_path, log=lambda _: None, progress=False)


@pytest.mark.slow
def test_the_stage_trains_the_classifier_first_and_is_done_whatever_becomes_of_it(
    small_options: list[str], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    options = ["--run", run, *small_options, "--set=gan.perceptual_weight=2"]
    outcome = call(main, "gan", *options)
    assert outcome.code == 0, outcome.err
    assert outcome.stages("started") == ["classifier", "gan"]
    (run / "classifier" / "weights.safetensors").unlink()
    assert call(main, "gan", *options).stages("started") == []
    assert call(main, "classifier", *options).stages("started") == ["classifier"]
