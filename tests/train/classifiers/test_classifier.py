"""The classifier of step II: learning, selection, determinism, files, and errors in one line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tlgan_train.classifiers.augment import augment
from tlgan_train.classifiers.classifier import confusions, load_classifier, load_coaches, train_classifier
from tlgan_train.classifiers.training import CHECK_STEPS, PATIENCE, Training, fit
from tlgan_train.compute.compute import ON_CPU
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.models.alexnet import IMAGENET_MEAN, IMAGENET_STD, EmotionClassifier
from tlgan_train.models.inference import predict, to_tensor
from tlgan_train.models.residual import ResidualClassifier

pytestmark = pytest.mark.numerical

EMOTIONS = ("joy", "neutral", "sadness")
CHARACTERS = ("blue", "red")
SIZE = 32


def shapes(count: int = 60, seed: int = 0) -> Dataset:
    """Mouth-like bars whose height is the emotion, on a ground whose colour is the character; `count` of each pair."""
    random = np.random.default_rng(seed)
    emotion, character = (grid.ravel().repeat(count) for grid in np.meshgrid(range(3), range(2)))
    images = np.empty((len(emotion), SIZE, SIZE, 3), dtype=np.uint8)
    for image, e, c in zip(images, emotion, character, strict=True):
        image[:] = ((60, 70, 200), (200, 70, 60))[c]
        top, left = 4 + 9 * e + random.integers(-1, 2), 6 + random.integers(-3, 4)
        image[top : top + 5, left : left + 20] = 230
    images = np.clip(images + random.normal(0, 12, images.shape), 0, 255).astype(np.uint8)
    split = np.tile(np.repeat([0, 1, 2], [count * 6 // 10, count * 2 // 10, count * 2 // 10]), 6).astype(np.uint8)
    return Dataset(images, emotion, character, split, EMOTIONS, CHARACTERS, digest="0" * 64, spec="shapes")


def config(**settings: object) -> Config:
    values = {"batch_size": 16, "steps": 150, "hidden": 16, "augment": False, "floor": 0.0, **settings}
    return Config.from_dict({"classifier": values, "gan": {"precision": "fp32"}, "seed": 3})


@pytest.fixture(scope="module")
def data() -> Dataset:
    return shapes()


@pytest.fixture(scope="module")
def few() -> Dataset:
    """Enough where it does not matter how well they are learned."""
    return shapes(count=10)


def test_learns_writes_down_and_loads_what_it_learned(data: Dataset, tmp_path: Path) -> None:
    lines: list[str] = []
    result = train_classifier(config(), data, tmp_path, log=lines.append)

    metrics = json.loads((tmp_path / "classifier" / "metrics.json").read_text())
    test = data.indices("test")
    # All are right with each seed tried; by chance a third and a half would be.
    assert metrics["test"]["emotion_accuracy"] >= 0.8
    assert metrics["test"]["character_accuracy"] >= 0.8
    assert metrics["test_augmented"]["emotion_accuracy"] >= 0.5
    assert metrics["from_scratch"] is True
    assert metrics["emotions"] == list(EMOTIONS) and metrics["characters"] == list(CHARACTERS)
    assert metrics["parameters"] == sum(p.numel() for p in result.model.parameters())
    assert [row["step"] for row in metrics["checks"]] == [50, 100, 150]
    assert sum(row["best"] for row in metrics["checks"]) == 1
    assert any("from scratch" in line for line in lines)

    confusion = np.array(metrics["test"]["emotion_confusion"])
    assert confusion.sum(axis=1).tolist() == np.bincount(data.emotion[test]).tolist()
    assert np.trace(confusion) / len(test) == pytest.approx(metrics["test"]["emotion_accuracy"])

    loaded = load_classifier(tmp_path)
    assert not loaded.training
    for before, after in zip(predict(result.model, data.images, test), predict(loaded, data.images, test), strict=True):
        np.testing.assert_array_equal(before, after)
    assert np.mean(predict(loaded, data.images, test)[0].argmax(1) == data.emotion[test]) == pytest.approx(
        metrics["test"]["emotion_accuracy"]
    )


def test_coaches_start_from_other_seeds_and_leave_the_classifier_as_it_is(few: Dataset, tmp_path: Path) -> None:
    result = train_classifier(config(coaches=2, steps=2), few, tmp_path, log=lambda _: None)
    metrics = json.loads((tmp_path / "classifier" / "metrics.json").read_text())
    assert len(metrics["coaches"]) == 2 and all(0 <= accuracy <= 1 for accuracy in metrics["coaches"])
    first, second = load_coaches(tmp_path, 2)
    weights = [model.body[0].weight for model in (result.model, first, second)]
    assert not any(torch.equal(weights[i], weights[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    alone = train_classifier(config(steps=2), few, tmp_path / "alone", log=lambda _: None)
    assert torch.equal(alone.model.body[0].weight, weights[0])  # coaches leave the classifier as it is
    with pytest.raises(TrainError, match="run `tlgan-train classifier`"):
        load_coaches(tmp_path, 3)


def test_same_seed_same_weights_other_seed_other_weights(few: Dataset, tmp_path: Path) -> None:
    runs = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        settings = config(steps=2, augment=True).with_value("seed", seed)
        torch.manual_seed(len(runs))  # the global state must not matter
        runs[name] = train_classifier(settings, few, tmp_path / name, log=lambda line: None).model.state_dict()
    assert all(torch.equal(value, runs["b"][key]) for key, value in runs["a"].items())
    assert not all(torch.equal(value, runs["c"][key]) for key, value in runs["a"].items())


class Moody(torch.nn.Module):
    """Right about the emotion in one of its validations only, whatever it learns."""

    def __init__(self, right: int) -> None:
        super().__init__()
        self.right, self.validations = right, [0]
        self.bias = torch.nn.Parameter(torch.zeros(3))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.training:
            self.validations[0] += 1
        rows = ((x[:, :, :, 16] > 0.5).all(1).float().argmax(1) / 9).floor().clamp(max=2).long()
        emotion = torch.nn.functional.one_hot(rows, 3) * float(self.validations[0] == self.right) + self.bias
        return emotion, torch.stack([x[:, 2, 0, 0], x[:, 0, 0, 0]], dim=1)


def moods(data: Dataset, right: int, checks: int) -> list[int]:
    training = Training(2, checks * CHECK_STEPS, lr=1e-9, seed=0, augment=False, compute=ON_CPU)
    model = Moody(right)
    rows = fit(model, data, (data.emotion, data.character), training, log=lambda line: None)
    assert not model.training and [row["step"] for row in rows] == [CHECK_STEPS * (n + 1) for n in range(len(rows))]
    return [int(row["best"]) for row in rows]


def test_weights_that_do_best_in_validation_are_kept(data: Dataset) -> None:
    assert moods(data, right=2, checks=4) == [0, 1, 0, 0]


def test_training_ends_when_validation_no_longer_improves(data: Dataset) -> None:
    assert moods(data, right=3, checks=40) == [0, 0, 1, *[0] * PATIENCE]


def test_rare_classes_are_shown_as_often_as_others(data: Dataset) -> None:
    seen: list[torch.Tensor] = []

    class Watching(Moody):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            if self.training:
                seen.append(x[:, 0, 0, 0] > x[:, 2, 0, 0])  # the ground of the second character
            return super().forward(x)

    train = data.indices("train")
    rare = train[data.character[train] == 1][::20]
    few = dataclasses.replace(data, split=np.where(data.character == 1, 9, data.split).astype(np.uint8))
    few.split[rare] = 0
    few.split[data.indices("validation", ("red",))] = 1
    few.split[data.indices("test", ("red",))] = 2
    training = Training(16, 60, lr=1e-9, seed=0, augment=False, compute=ON_CPU)
    fit(Watching(1), few, (few.emotion, few.character), training, log=lambda line: None)
    assert torch.cat(seen).float().mean().item() == pytest.approx(0.5, abs=0.06)


def test_a_classifier_that_guesses_ends_the_run(few: Dataset, tmp_path: Path) -> None:
    lines: list[str] = []
    with pytest.raises(TrainError, match=r"classifier\.floor is 90%: axes would be fitted to guesses") as caught:
        train_classifier(config(steps=2, lr=1e-9, floor=0.9), few, tmp_path, log=lines.append)
    assert "\n" not in str(caught.value) and not (tmp_path / "classifier").exists()
    assert any("are read as" in line for line in lines)


def test_what_is_taken_for_what_is_named_the_most_frequent_first() -> None:
    counts = np.array([[90, 6, 4], [30, 70, 0], [0, 0, 0]])
    assert confusions(("joy", "fear", "anger"), counts) == [
        "30% of the pictures of fear are read as joy", "6% of the pictures of joy are read as fear",
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_starts_from_pretrained_features(few: Dataset, tmp_path: Path, suffix: str) -> None:
    donor = EmotionClassifier(3, 2, 16)
    state = {f"features.{key}": value.clone() for key, value in donor.features.state_dict().items()}
    path = tmp_path / f"alexnet{suffix}"
    if suffix == ".pth":
        torch.save({**state, "classifier.1.bias": torch.zeros(4096)}, path)
    else:
        save_file(state, path)
    lines: list[str] = []
    result = train_classifier(config(steps=2, lr=1e-6), few, tmp_path / "run", weights=path, log=lines.append)

    assert result.metrics["from_scratch"] is False and result.metrics["network"] == "alexnet"
    assert str(path) in lines[0]
    loaded = load_classifier(tmp_path / "run")
    torch.testing.assert_close(loaded.features[0].weight, donor.features[0].weight, atol=1e-4, rtol=0)
    white = (torch.ones(1, 3, 1, 1) * loaded.input_scale + loaded.input_shift).flatten()
    torch.testing.assert_close(white, (1 - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_STD))


def test_unusable_weights_are_told_in_one_line(few: Dataset, tmp_path: Path) -> None:
    features = {f"features.{k}": v for k, v in EmotionClassifier(3, 2, 16).features.state_dict().items()}
    cases = {"missing.pth": "no weights file"}
    (tmp_path / "noise.pth").write_bytes(b"not weights")
    cases["noise.pth"] = "cannot read weights"
    (tmp_path / "noise.safetensors").write_bytes(b"not weights")
    cases["noise.safetensors"] = "cannot read weights"
    torch.save([1, 2], tmp_path / "list.pth")
    cases["list.pth"] = "no named tensors"
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "other.pth")
    cases["other.pth"] = r"features\.0\.weight of shape \(64, 3, 11, 11\)"
    torch.save({**features, "features.3.weight": torch.zeros(2, 2)}, tmp_path / "shape.pth")
    cases["shape.pth"] = r"features\.3\.weight"
    for name, message in cases.items():
        with pytest.raises(TrainError, match=message) as caught:
            train_classifier(config(steps=2), few, tmp_path / "run", weights=tmp_path / name, log=lambda line: None)
        assert "\n" not in str(caught.value) and name in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_an_empty_split_is_told_before_training(data: Dataset, tmp_path: Path) -> None:
    for split in range(3):
        rest = np.where(data.split == split, (split + 1) % 3, data.split).astype(np.uint8)
        lacking = Dataset(data.images, data.emotion, data.character, rest, EMOTIONS, CHARACTERS, "0" * 64, "shapes")
        with pytest.raises(TrainError, match=r"shapes has .* pictures"):
            train_classifier(config(), lacking, tmp_path, log=lambda line: None)


def test_an_untrained_run_names_the_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="tlgan-train classifier"):
        load_classifier(tmp_path)


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_forward_at_every_image_size(size: int) -> None:
    for model in (EmotionClassifier(7, 6, 128), ResidualClassifier(7, 6, size, 96)):
        emotion, character = model.eval()(torch.rand(2, 3, size, size) * 2 - 1)
        assert emotion.shape == (2, 7) and character.shape == (2, 6)
        assert torch.isfinite(emotion).all() and torch.isfinite(character).all()


def test_the_papers_network_is_there_on_request(few: Dataset, tmp_path: Path) -> None:
    result = train_classifier(config(network="alexnet", steps=2), few, tmp_path, log=lambda _: None)
    assert isinstance(result.model, EmotionClassifier) and isinstance(load_classifier(tmp_path), EmotionClassifier)


def test_pictures_as_tensors() -> None:
    images = np.zeros((2, 4, 4, 3), dtype=np.uint8)
    images[1, 2, 3] = (255, 0, 128)
    images.flags.writeable = False
    x = to_tensor(images)
    assert x.shape == (2, 3, 4, 4) and x.dtype == torch.float32
    assert x[0].unique().tolist() == [-1]
    torch.testing.assert_close(x[1, :, 2, 3], torch.tensor([1.0, -1.0, 128 / 127.5 - 1]))


def test_augmentation_is_repeatable_bounded_and_leaves_its_input(data: Dataset) -> None:
    x = to_tensor(data.images[:40])
    before = x.clone()
    first, second, other = (augment(x, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6))
    assert torch.equal(x, before)
    assert torch.equal(first, second) and not torch.equal(first, other)
    assert first.shape == x.shape and first.min() >= -1 and first.max() <= 1
    change = (first - x).abs().mean(dim=(1, 2, 3))
    assert change.min() > 0
    assert change.max() > 2 * change.min()  # each picture has its own strengths
    assert change.mean() < 0.5
