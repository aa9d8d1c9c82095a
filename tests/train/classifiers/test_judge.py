"""The judge: learning of classes and factors, the ceiling, independence of the classifier, files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tlgan_train.classifiers.judge import factor_names, load_judge, reading_noise, train_judge
from tlgan_train.compute.seeds import seeded, stream_seed
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.models.inference import predict
from tlgan_train.models.judge import Judge

pytestmark = pytest.mark.numerical

EMOTIONS = ("joy", "sadness")
CHARACTERS = ("blue", "green", "red")
SIZE = 24
CONFIG = Config.from_dict({"judge": {"batch_size": 16, "steps": 120, "lr": 0.002}, "gan": {"precision": "fp32"}})


def shapes(count: int = 60, seed: int = 0) -> Dataset:
    """A bar, high or low, for the emotion; the ground's colour for the character; known place and useless factors."""
    random = np.random.default_rng(seed)
    emotion, character = (grid.ravel().repeat(count) for grid in np.meshgrid(range(2), range(3)))
    left = random.integers(0, 13, len(emotion))
    images = np.full((len(emotion), SIZE, SIZE, 3), 60, dtype=np.uint8)
    for image, e, c, x in zip(images, emotion, character, left, strict=True):
        image[:, :, 2 - c] = 160
        image[4 + 12 * e : 9 + 12 * e, x : x + 11] = 230
    images = np.clip(images + random.normal(0, 8, images.shape), 0, 255).astype(np.uint8)
    split = np.tile(np.repeat([0, 1, 2], [count * 6 // 10, count * 2 // 10, count * 2 // 10]), 6).astype(np.uint8)
    factors = {
        "constant": np.ones(len(emotion), dtype=np.float32),
        "left": 100 + 5 * left.astype(np.float32),
        "lost": np.where(left == 3, np.nan, left).astype(np.float32),
        "luck": random.normal(0, 1, len(emotion)).astype(np.float32),
    }
    return Dataset(images, emotion, character, split, EMOTIONS, CHARACTERS, "0" * 64, "shapes", factors)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return shapes()


@pytest.fixture(scope="module")
def few() -> Dataset:
    """Enough where it does not matter how well they are learned."""
    return shapes(count=10)


@pytest.fixture(scope="module")
def run(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train_judge(CONFIG, data, folder, log=lambda line: None)
    return folder


def test_learns_classes_and_factors(data: Dataset, run: Path) -> None:
    metrics = json.loads((run / "judge" / "metrics.json").read_text())
    # All are right with each seed tried; by chance a half and a third would be.
    assert metrics["test"]["emotion_accuracy"] >= 0.8
    assert metrics["test"]["character_accuracy"] >= 0.8
    assert metrics["test_augmented"]["emotion_accuracy"] >= 0.7
    assert set(metrics["factor_r2"]) == {"left", "luck"}  # neither the constant nor the one with gaps
    assert metrics["factor_r2"]["left"] > 0.5
    assert metrics["factor_r2"]["luck"] < 0.3


@pytest.mark.slow
def test_learns_as_well_in_bf16(data: Dataset, tmp_path: Path) -> None:
    result = train_judge(CONFIG.with_value("gan.precision", "bf16"), data, tmp_path, log=lambda line: None)
    assert result.metrics["test"]["emotion_accuracy"] >= 0.8 and result.metrics["factor_r2"]["left"] > 0.5
    assert {tensor.dtype for tensor in result.model.parameters()} == {torch.float32}


def test_factors_are_in_standard_deviations_of_the_training_split(data: Dataset, run: Path) -> None:
    assert factor_names(run) == ["left", "luck"]
    test, train = data.indices("test"), data.indices("train")
    read = predict(load_judge(run), data.images, test)[2][:, 0]
    left = data.factors["left"]
    truth = (left[test] - left[train].mean()) / left[train].std()
    assert np.mean((read - truth) ** 2) < 0.5 * truth.var()


def test_reading_noise_is_small_for_what_is_read_well_and_that_of_guesses_for_what_is_not(
    data: Dataset, run: Path
) -> None:
    judge = load_judge(run)
    noise = reading_noise(judge, data, data.indices("test"))
    assert list(noise) == ["left", "luck"]
    assert noise["left"] < 0.6 and noise["luck"] == pytest.approx(2 / np.sqrt(np.pi), rel=0.25)
    assert reading_noise(judge, data, data.indices("test")[:1]) == {}


def test_ceiling_is_the_share_of_confident_real_pictures(data: Dataset, run: Path) -> None:
    metrics = json.loads((run / "judge" / "metrics.json").read_text())
    test = data.indices("test")
    logits = predict(load_judge(run), data.images, test)[0]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for index, name in enumerate(EMOTIONS):
        assert metrics["ceiling"][name] == pytest.approx(np.mean(p[data.emotion[test] == index, index] >= 0.9))


def test_same_seed_same_judge(few: Dataset, tmp_path: Path) -> None:
    settings = CONFIG.with_value("judge.steps", 2)
    first, second = (train_judge(settings, few, tmp_path / name, log=lambda line: None).model for name in "ab")
    assert all(torch.equal(value, second.state_dict()[key]) for key, value in first.state_dict().items())


def test_judge_and_classifier_draw_from_different_streams() -> None:
    assert len({stream_seed(seed, stream) for seed in range(20) for stream in ("classifier", "judge")}) == 40


def test_data_without_factors(few: Dataset, tmp_path: Path) -> None:
    plain = dataclasses.replace(few, factors={})
    result = train_judge(CONFIG.with_value("judge.steps", 2), plain, tmp_path, log=lambda line: None)
    assert result.metrics["factor_r2"] == {}
    assert predict(load_judge(tmp_path), few.images[:5])[2].shape == (5, 0)


def test_an_emotion_without_test_pictures_has_no_ceiling(few: Dataset, tmp_path: Path) -> None:
    split = np.where((few.split == 2) & (few.emotion == 0), 0, few.split).astype(np.uint8)
    lacking = dataclasses.replace(few, split=split)
    train_judge(CONFIG.with_value("judge.steps", 2), lacking, tmp_path, log=lambda line: None)
    ceiling = json.loads((tmp_path / "judge" / "metrics.json").read_text())["ceiling"]
    assert ceiling["joy"] is None and 0 <= ceiling["sadness"] <= 1


def test_a_factor_that_is_constant_in_the_test_split_has_no_share_to_explain(few: Dataset, tmp_path: Path) -> None:
    rare = np.where((few.split == 0) & (np.arange(len(few.split)) % 7 == 0), 1.7, 0.1).astype(np.float32)
    flagged = dataclasses.replace(few, factors={"left": few.factors["left"], "rare": rare})
    train_judge(CONFIG.with_value("judge.steps", 2), flagged, tmp_path, log=lambda line: None)
    found = json.loads((tmp_path / "judge" / "metrics.json").read_text())["factor_r2"]
    assert found["rare"] == 0 and found["left"] <= 1


def test_an_untrained_run_names_the_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="judge"):
        load_judge(tmp_path)


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_forward_at_every_image_size(size: int) -> None:
    model = seeded(lambda: Judge(7, 6, 4), seed=0).eval()
    x = torch.rand(3, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    features = model.features(x)
    assert features.shape == (3, 128) and torch.isfinite(features).all()
    emotion, character, factors = model(x)
    assert emotion.shape == (3, 7) and character.shape == (3, 6) and factors.shape == (3, 4)
    for read, again in zip(model.read(features), (emotion, character, factors), strict=True):
        torch.testing.assert_close(read, again)


@pytest.mark.parametrize("known", [True, False])
def test_pictures_are_moved_unless_the_judge_reads_factors_such_as_pose(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    moved: list[int] = []
    monkeypatch.setattr("tlgan_train.classifiers.training.random_affine", lambda x, _: moved.append(len(x)) or x)
    shown = data if known else dataclasses.replace(data, factors={})
    train_judge(CONFIG.with_value("judge.steps", 2), shown, tmp_path, log=lambda line: None)
    assert bool(moved) is not known
