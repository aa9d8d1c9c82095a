"""An encoder for a bundle that has none: it learns by drawing alone, and the bundle then edits pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import call, refused
from PIL import Image

from tests.tiny_bundle import draw
from tlgan_runtime import BundleNotFoundError, CheerMeUp
from tlgan_runtime.pictures.inversion import Codec, squared
from tlgan_train.cli.commands import main
from tlgan_train.compute.compute import ON_CPU
from tlgan_train.encoders import distil
from tlgan_train.encoders.distil import distilled_encoder
from tlgan_train.models.inference import predict

pytestmark = pytest.mark.numerical

DIM, SIZE = 8, 32


def sample(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)


def never(images: np.ndarray) -> np.ndarray:
    raise AssertionError("there is nothing that encodes yet")


@pytest.mark.slow
def test_latents_are_found_in_faces_and_in_pictures() -> None:
    pictures = draw(sample(200, seed=1), SIZE)
    codec = Codec(SIZE, (255, 255, 255), never, lambda z: draw(z, SIZE))
    lines: list[str] = []
    encoder = distilled_encoder(codec, sample, pictures, DIM, 0, ON_CPU, lines.append, steps=200)
    unseen = sample(50, seed=2)
    images = draw(unseen, SIZE)
    found = predict(encoder, images)[0]
    assert np.square(found - unseen).mean() < 0.15
    assert squared(images, draw(found, SIZE)).mean() < 0.15 * images.var() / 255**2
    assert "latents of 200 pictures found" in lines and lines[-1].startswith("step 200: ")


@pytest.fixture
def without(run: Path, tmp_path: Path) -> Path:
    """The bundle of a run, as it was made before bundles had encoders."""
    bundle = Path(shutil.copytree(run / "bundle", tmp_path / "bundle"))
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    del manifest["fit"], manifest["files"]["encoder.onnx"]
    (bundle / "encoder.onnx").unlink()
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return bundle


@pytest.mark.slow
def test_a_bundle_gets_an_encoder_and_keeps_all_else(without: Path, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distil, "PICTURES", 8)
    monkeypatch.setattr(distil, "STEPS", 12)
    before = CheerMeUp(without, provider="cpu")
    face = before.render(before.sample(1))[0]
    with pytest.raises(BundleNotFoundError, match="tlgan-train encoder"):
        before.invert(face)
    outcome = call(main, "encoder", "--bundle", without)
    assert outcome.out == f"{without}\n" and "dB" in outcome.err
    after = CheerMeUp(without, provider="cpu")
    assert after.manifest.files.keys() - before.manifest.files.keys() == {"encoder.onnx"}
    assert after.manifest.metrics["redrawing"]["log_error"] == after.manifest.fit.mean
    assert after.edit_picture(face, {"joy": 1.0}, force=True).shape == face.shape
    np.testing.assert_array_equal(after.render(after.sample(2)), before.render(before.sample(2)))


def test_wrong_usage_is_told_in_one_line(without: Path, tmp_path: Path) -> None:
    assert "no bundle" in refused(call(main, "encoder", "--bundle", tmp_path / "ghost"))
    for emotion in ("calm", "wild"):
        (tmp_path / "cast" / "ada" / f"ada_{emotion}").mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (8, 8)).save(tmp_path / "cast" / "ada" / f"ada_{emotion}" / f"{number}.png")
    others = refused(call(main, "encoder", "--bundle", without, "--data", f"folder:{tmp_path / 'cast'}"))
    assert "reads the emotions" in others and (without / "encoder.onnx").exists() is False
