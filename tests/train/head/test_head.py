"""The head: what it draws, how it learns, and the bundle of a run that has one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn import colourful, headed, pictures, psnr
from painter import bars

from tlgan_runtime import CheerMeUp
from tlgan_train.compute.compute import ON_CPU
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.data.sprites import Sprites, packed
from tlgan_train.errors import TrainError
from tlgan_train.export.bundle import export_bundle
from tlgan_train.export.generator_graph import drawing_graph
from tlgan_train.export.int8_graph import int8_graph
from tlgan_train.head import figures as measured
from tlgan_train.head.losses import in_range, losses, over
from tlgan_train.head.train import has_head, head_step, new_optimisers, train_head
from tlgan_train.head.weights import load_head
from tlgan_train.models.head import Head, HeadedGenerator, Window
from tlgan_train.models.inference import to_uint8

pytestmark = pytest.mark.numerical

CONFIG = Config.from_dict(
    {"head": {"images": 64, "batch_size": 16, "lr": 1e-2}, "gan": {"reconstruction_weight": 40.0}}
)
GREEN = (40, 200, 90)


def transparent(size: int = 64, channels: int = 4) -> Dataset:
    """The bars of `painter` on green, with sprites without it."""
    flat = bars(count=10)
    inside = np.zeros((32, 32), bool)
    inside[4:-4, 4:-4] = True
    images = np.where(inside[..., None], flat.images, np.uint8(GREEN)).astype(np.uint8)
    alpha = np.broadcast_to(255 * inside[..., None], (len(images), 32, 32, 1)).astype(np.uint8)
    large = np.concatenate([images, alpha], axis=3).repeat(size // 32, axis=1).repeat(size // 32, axis=2)
    files = [packed(sprite) for sprite in large]
    data = np.frombuffer(b"".join(file.data for file in files), np.uint8)
    ends = np.cumsum([len(file.data) for file in files])
    return replace(flat, images=images, sprites=Sprites(data, ends, size, channels), background=GREEN)


@pytest.fixture(scope="module")
def with_head(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small run, with a head."""
    copy, dataset = Path(shutil.copytree(run, tmp_path_factory.mktemp("head") / "run")), transparent()
    facts = json.loads((copy / "training.json").read_text())
    (copy / "training.json").write_text(json.dumps({**facts, "background": "#28c85a"}))
    train_head(CONFIG, dataset, dataset.characters[:1], copy, ON_CPU, log=lambda _: None)
    return copy


@pytest.mark.parametrize(
    ("size", "channels"),
    [pytest.param(64, 4, marks=pytest.mark.slow), pytest.param(128, 3, marks=pytest.mark.slow), (256, 4)],
)
def test_the_graph_draws_what_the_networks_draw(size: int, channels: int) -> None:
    generator, head = colourful(8, 4, 64), headed(4, 16, size, channels)
    z = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
    expected = to_uint8(HeadedGenerator(generator, head)(torch.from_numpy(z))).numpy()
    drawn = pictures(drawing_graph(generator, head), z)
    assert drawn.shape == expected.shape == (5, size, size, channels) and expected.std() > 20
    difference = np.abs(drawn.astype(int) - expected)
    assert difference.max() <= 1 and (difference > 0).mean() < 1e-3


@pytest.mark.slow
def test_in_bytes_it_draws_nearly_the_same() -> None:
    generator, head = colourful(16, 8, 32), headed(8, 8, 64, 4)
    calibration, z = np.random.default_rng(0).standard_normal((2, 256, 16)).astype(np.float32)
    exact, quick = drawing_graph(generator, head), int8_graph(generator, calibration, head)
    assert psnr(pictures(exact, z[:20]), pictures(quick, z[:20])) > 32


def test_sizes_that_features_do_not_divide_are_refused() -> None:
    for size in (32, 96):
        with pytest.raises(ValueError, match="multiple of 64"):
            Head(4, 16, size, 4)


def test_at_first_it_draws_the_small_face_enlarged() -> None:
    generator, z = colourful(8, 8, 32), torch.randn(8, 8, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    head = Head.copied_from(generator, 128, 4).eval()
    small, drawn = generator(z), head(generator.features(z))
    enlarged = small.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
    assert (drawn[:, :3] - enlarged).abs().mean() < 0.2 * (enlarged - enlarged.mean()).abs().mean()
    assert drawn[:, 3].mean() > 0.8


@pytest.mark.parametrize("window", [Window(0, 0, 8), Window(3, 8, 8), Window(8, 5, 8), Window(0, 0, 16)])
def test_a_part_of_a_picture_is_drawn_as_in_the_whole(window: Window) -> None:
    generator, head = colourful(8, 8, 32), headed(8, 8, 128, 4)
    features = generator.features(torch.randn(3, 8, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(head(features, window), window.of(head(features), 16), rtol=0, atol=1e-5)


def test_losses_see_colours_as_far_as_they_are_seen() -> None:
    torch.manual_seed(0)
    real = torch.rand(2, 4, 8, 8) * 2 - 1
    real[:, 3] = -1
    real[:, 3, 2:6, 2:6] = 1
    behind = in_range(GREEN, torch.device("cpu"))
    small = torch.nn.functional.avg_pool2d(over(real, behind[:, None, None]), 2)
    assert max(losses(real, real, small, behind).values()) < 1e-6
    unseen = real.clone()
    unseen[:, :3, 0] = 0.3  # colours under alpha 0
    assert max(losses(unseen, real, small, behind).values()) < 1e-6
    solid = real.clone()
    solid[:, 3] = 1
    found = losses(solid, real, small, behind)
    assert found["alpha"] == pytest.approx(0.75) and found["picture"] > 0.05 and found["small"] > 0.05
    assert losses(over(real, behind[:, None, None]), real, small, behind)["picture"] < 1e-6  # a head without alpha


def test_it_learns_size_and_alpha_from_what_the_generator_draws() -> None:
    generator, z = colourful(8, 8, 32), torch.randn(32, 8, generator=torch.Generator().manual_seed(0))
    faces = to_uint8(generator(z)).numpy().repeat(2, axis=1).repeat(2, axis=2)
    sprites = np.concatenate([faces, 255 * (faces[..., :1] > 127).astype(np.uint8)], axis=3)
    torch.manual_seed(0)
    head, behind = Head.copied_from(generator, 64, 4), in_range(GREEN, torch.device("cpu"))
    optimisers = new_optimisers(head, CONFIG.head)
    found = [head_step(generator, head, optimisers, z, sprites, behind, ON_CPU) for _ in range(60)]
    for name in ("picture", "alpha"):
        assert sum(loss[name] for loss in found[-5:]) < 0.5 * sum(loss[name] for loss in found[:5])


def test_in_the_size_of_the_generator_it_keeps_what_that_draws() -> None:
    """Pictures drawn again are softer than draws; a head that learns from them must not soften draws as well."""
    generator, z = colourful(8, 8, 32), torch.randn(32, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        small = generator(z)
    soft = torch.nn.functional.avg_pool2d(small, 5, 1, 2)
    sprites = np.concatenate([to_uint8(soft).numpy(), np.full((32, 32, 32, 1), 255, np.uint8)], axis=3)
    torch.manual_seed(0)
    head, behind = Head.copied_from(generator, 32, 4), in_range(GREEN, torch.device("cpu"))
    optimisers = new_optimisers(head, CONFIG.head)
    for _ in range(100):
        head_step(generator, head, optimisers, z, sprites, behind, ON_CPU)
    drawn = over(head.eval()(generator.features(z)), behind[:, None, None])
    assert (drawn - small).abs().mean() < 0.4 * (drawn - soft).abs().mean()


def test_a_run_keeps_the_head_and_what_was_measured_of_it(with_head: Path) -> None:
    head, figures = load_head(with_head), json.loads((with_head / "head" / "metrics.json").read_text())
    assert head is not None and (head.image_size, head.channels) == (64, 4) and not head.training
    names = {"psnr", "psnr_enlarged", "detail", "detail_enlarged", "alpha_error", "small_difference"}
    assert figures.keys() == names and all(value > 0 for value in figures.values())


@pytest.mark.slow
def test_its_bundle_draws_transparent_faces_that_its_classifier_reads(with_head: Path, tmp_path: Path) -> None:
    app = CheerMeUp(export_bundle(with_head, tmp_path / "bundle", log=lambda _: None), provider="cpu", threads=1)
    assert (app.image_size, app.manifest.read_size, app.manifest.channels) == (64, 32, 4)
    assert app.manifest.metrics["head"] == json.loads((with_head / "head" / "metrics.json").read_text())
    z = app.sample(3, seed=1)
    sprites = app.render(z, background=None)
    assert sprites.shape == (3, 64, 64, 4) and app.render(z).shape == (3, 64, 64, 3)
    alpha = sprites[..., 3:].astype(float) / 255
    np.testing.assert_allclose(app.render(z), alpha * sprites[..., :3] + (1 - alpha) * np.array(GREEN), atol=1)
    assert app.classify(app.render(z)).emotion.shape == (3, 3)


def test_a_run_has_one_if_its_pictures_need_it(run: Path) -> None:
    plain, clear = bars(count=10), transparent()
    assert has_head(CONFIG, clear) and not has_head(CONFIG, plain)
    assert not has_head(Config(), clear)
    with pytest.raises(TrainError, match="larger or transparent"):
        train_head(CONFIG, plain, plain.characters[:1], run, ON_CPU, log=lambda _: None)


@pytest.mark.parametrize("channels", [3, 4])
def test_figures_of_a_perfect_head(channels: int) -> None:
    dataset = transparent(channels=channels)
    sprite = torch.from_numpy(dataset.sprites.of(np.arange(2), dataset.images[:2])).permute(0, 3, 1, 2) / 127.5 - 1
    flat = over(sprite, in_range(GREEN, torch.device("cpu"))[:, None, None])
    assert (measured.psnr(flat, flat) > 80).all()
    assert measured.psnr(flat, flat + 0.2).mean() == pytest.approx(20, abs=0.1)
    small = torch.nn.functional.avg_pool2d(flat, 2)
    soft = measured.enlarged(small, 64)
    assert (measured.detail(soft, 32) < 0.5 * measured.detail(flat, 32)).all()
    assert (measured.detail(flat, 64) == 0).all()
