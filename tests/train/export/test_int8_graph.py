"""The generator in 8-bit integers: near the other one, right on every CPU, refused where it is not near enough."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from commands import call, refused
from drawn import colourful, pictures, psnr

from tlgan_runtime import CheerMeUp
from tlgan_train.cli.export import export_main
from tlgan_train.errors import TrainError
from tlgan_train.export import bundle as exporting
from tlgan_train.export import int8_graph
from tlgan_train.export.generator_graph import drawing_graph
from tlgan_train.export.int8_graph import check_int8, quantised, ranges_of
from tlgan_train.export.int8_graph import int8_graph as quantised_graph
from tlgan_train.models.dcgan import Generator

pytestmark = pytest.mark.numerical

FACES = 200
"""That are compared, fewer than usual."""


@pytest.fixture(scope="module")
def bundle(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of the small run with both generators."""
    out = tmp_path_factory.mktemp("int8") / "bundle"
    with pytest.MonkeyPatch.context() as patch:
        # 96 pictures of training do not make a classifier that is sure of anything.
        patch.setattr(int8_graph, "MAX_CHANGED", 0.2)
        patch.setattr(exporting, "CHECK_LATENTS", FACES)
        outcome = call(export_main, run, "--out", out, "--int8")
    assert outcome.code == 0, outcome.err
    return out


def latents(count: int, latent_dim: int = 16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, latent_dim)).astype(np.float32)


@pytest.mark.parametrize(
    ("width", "size", "mapping_width"),
    [(8, 32, 0), pytest.param(3, 32, 9, marks=pytest.mark.slow), pytest.param(16, 64, 32, marks=pytest.mark.slow)],
)
def test_it_draws_nearly_the_same(width: int, size: int, mapping_width: int) -> None:
    generator = colourful(16, width, size, mapping_width)
    model = quantised_graph(generator, latents(256))
    onnx.checker.check_model(model, full_check=True)
    assert {opset.domain for opset in model.opset_import} == {""}
    z = latents(20, seed=1)
    assert psnr(pictures(model, z), pictures(drawing_graph(generator), z)) > 32


def test_weights_are_near_and_have_room_where_two_products_share_16_bits() -> None:
    weight = np.random.default_rng(0).normal(size=(5, 7, 2, 2)).astype(np.float32)
    weight[2, 4:6] = 3  # the largest weights side by side
    whole, scale = quantised(weight)
    assert whole.dtype == np.int8 and scale.shape == (5,)
    assert np.abs(whole * scale[:, None, None, None] - weight).max() <= scale.max() / 2 * 1.001
    products = 255 * np.pad(whole.astype(int), ((0, 0), (0, 1), (0, 0), (0, 0)))
    for side in (products.clip(0), -products.clip(max=0)):
        assert (side[:, ::2] + side[:, 1::2]).max() < 2**15


@pytest.mark.slow
def test_a_channel_that_does_nothing_keeps_its_bias() -> None:
    generator = colourful(16, 8, 32)
    generator.layers[3].weight[:, 0] = 0
    generator.layers[4].bias[0] = 2
    generator.layers[4].running_mean[0] = 0
    z = latents(64)
    assert psnr(pictures(quantised_graph(generator, z), z), pictures(drawing_graph(generator), z)) > 32


def test_ranges_are_those_that_latents_reach() -> None:
    generator, z = colourful(16, 8, 32, mapping_width=12), latents(100)
    ranges = ranges_of(generator, z)
    assert len(ranges.hidden) == 3 and min(ranges.hidden) > 0
    assert ranges.features[0] < 0 < ranges.features[1]
    assert ranges_of(generator, z[:10]).hidden[0] < ranges.hidden[0]


@pytest.mark.slow
def test_the_bundle_has_both_and_says_how_far_they_are_apart(bundle: Path) -> None:
    exact, quick = (CheerMeUp(bundle, provider="cpu", threads=1, precision=kind) for kind in ("auto", "int8"))
    assert exact.manifest.files["generator_int8.onnx"].role == "generator_int8"
    z = exact.sample(20, seed=4)
    np.testing.assert_array_equal(quick.sample(20, seed=4), z)
    before, after = exact.render(z), quick.render(z)
    assert (before != after).any() and psnr(before, after) > 40
    measured = json.loads((bundle / "manifest.json").read_text())["metrics"]["int8"]
    assert measured["faces"] == FACES and measured["psnr_db"] > 40 and 0 <= measured["emotion_changed"] <= 0.2


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["auto", "int8"])
def test_a_face_is_nearly_the_same_by_itself_and_among_others(bundle: Path, precision: str) -> None:
    app = CheerMeUp(bundle, provider="cpu", threads=1, precision=precision)
    z = app.sample(21, seed=2)
    together = app.render(z)
    np.testing.assert_array_equal(app.render(z), together)
    alone = np.concatenate([app.render(face[None]) for face in z])
    if precision == "auto":
        assert np.abs(alone.astype(int) - together).max() <= 1
    elif (alone != together).any():  # a value next to a border of two steps may fall on the other side of it
        assert psnr(alone, together) > 55


@pytest.mark.slow
def test_faces_that_differ_are_refused_in_one_line(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Latents near 0 say nothing of the range that those of the prior reach, so most values are cut off."""
    monkeypatch.setattr(exporting, "CHECK_LATENTS", FACES)
    monkeypatch.setattr(exporting, "int8_graph", lambda generator, z, head: quantised_graph(generator, 0.01 * z, head))
    line = refused(call(export_main, run, "--out", tmp_path / "out", "--int8", "--quiet"))
    assert "8-bit" in line and "dB" in line and "without --int8" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_either_limit_refuses(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exact, quick = (CheerMeUp(bundle, provider="cpu", threads=1, precision=kind) for kind in ("auto", "int8"))
    z = exact.sample(64, seed=1)
    monkeypatch.setattr(int8_graph, "MAX_CHANGED", 1.0)
    assert check_int8(exact, quick, z)["psnr_db"] > 40
    assert check_int8(exact, exact, z) == {
        "faces": 64,
        "psnr_db": pytest.approx(168.1, abs=0.1),
        "emotion_changed": 0,
        "max_levels": 0,
    }
    monkeypatch.setattr(int8_graph, "MAX_CHANGED", -0.1)
    with pytest.raises(TrainError, match="another emotion"):
        check_int8(exact, quick, z)
    monkeypatch.setattr(int8_graph, "MAX_CHANGED", 1.0)
    monkeypatch.setattr(int8_graph, "MIN_PSNR", 90.0)
    with pytest.raises(TrainError, match="PSNR"):
        check_int8(exact, quick, z)


@pytest.mark.slow
def test_layers_whose_bias_is_0_are_quantised_too() -> None:
    """The exporter leaves such a bias out."""
    torch.manual_seed(0)
    generator = Generator(16, 8, 32).eval().requires_grad_(False)
    assert pictures(quantised_graph(generator, latents(32)), latents(3, seed=1)).shape == (3, 32, 32, 3)
