"""Step II: the network that reads emotion and character (paper, sections 4.1 and 4.2)."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from tlgan_train.classifiers.augment import augment
from tlgan_train.classifiers.training import Training, class_scores, fit, parameter_count
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.compute.seeds import seeded, stream_seed
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.models.alexnet import EmotionClassifier
from tlgan_train.models.inference import predict
from tlgan_train.models.residual import ResidualClassifier
from tlgan_train.run_folder import load_tensors, save_tensors, write_json
from tlgan_train.sections import ClassifierConfig
from tlgan_train.start import read_networks

STREAM = "classifier"
GOOD = 0.97
"""Share of test pictures whose emotion a good classifier reads; below it the log says what is taken for what."""
CONFUSED = 0.05
"""Share of the pictures of an emotion that the log names when they are taken for another."""

Classifier = EmotionClassifier | ResidualClassifier


@dataclass(frozen=True)
class ClassifierResult:
    """A trained classifier and what was measured of it."""

    model: Classifier
    """In eval mode, with the weights that did best in validation."""
    metrics: dict[str, Any]
    """What `classifier/metrics.json` holds; `metrics["test"]` is of the untouched test split."""


def train_classifier(
    config: Config,
    dataset: Dataset,
    run: Path,
    weights: Path | None = None,
    log: Callable[[str], None] = print,
    compute: Compute | None = None,
) -> ClassifierResult:
    """Train on all characters, grade the network on the test split, and write both down.

    Writes `classifier/weights.safetensors`, `classifier/coachN.safetensors` for each coach, and, last,
    `classifier/metrics.json` in `run`. The same seed, data, machine and number of threads give the same weights.

    Args:
        weights: a torchvision AlexNet `state_dict`, .safetensors or .pth, that the features start from; with it the
            network is AlexNet, whatever `classifier.network` says.
        compute: where the networks learn; None is what this machine offers.

    Raises:
        TrainError: weights that cannot be used, too few pictures, a loss that is no longer finite, or a classifier that
            reads fewer test pictures than `classifier.floor` says.
    """
    start = time.monotonic()
    settings = config.classifier
    settings = settings if weights is None else replace(settings, network="alexnet")
    network, shape = settings.network, _shape(settings, dataset)
    features = None if weights is None else read_weights(weights)
    known = read_networks(config.start).of("classifier") if config.start and weights is None else {}
    targets = (dataset.emotion, dataset.character)
    compute = compute or Compute.here(config.gan.precision)

    def trained(seed: int) -> tuple[Classifier, list[dict[str, float]]]:
        model = seeded(lambda: _built(network, shape), seed)
        fitting = _start_with(model, known)
        slow: Iterable[nn.Parameter] = ()
        if isinstance(model, EmotionClassifier) and features is not None:
            model.load_features(features, str(weights))
            slow = model.features.parameters()
        vary = settings.augment
        training = Training(settings.batch_size, settings.steps, settings.lr, seed, vary, compute, move=vary)
        begin = "from scratch" if weights is None else f"features start from {weights}"
        log(f"classifier: {network}, {f'{fitting:.0%} of the weights from {config.start}' if fitting else begin}")
        return model, fit(model, dataset, targets, training, log, slow=slow)

    model, checks = trained(stream_seed(config.seed, STREAM))

    test = dataset.indices("test")
    truth = tuple(target[test] for target in targets)
    changes = torch.Generator().manual_seed(stream_seed(config.seed, f"{STREAM} test"))
    changed = predict(model, dataset.images, test, change=lambda x: augment(x, changes))
    coaches = []
    for index in range(settings.coaches):
        coach, _ = trained(stream_seed(config.seed, f"{STREAM} coach {index}"))
        save_tensors(_coach_path(run, index), coach.state_dict(), {"network": network, "shape": shape})
        coaches.append(class_scores(predict(coach, dataset.images, test), truth)["emotion_accuracy"])
    metrics = {
        "emotions": dataset.emotions,
        "characters": dataset.characters,
        "coaches": coaches,
        "network": network,
        "hidden": settings.hidden,
        "parameters": parameter_count(model),
        "from_scratch": weights is None,
        "data_digest": dataset.digest,
        "checks": checks,
        "test": class_scores(predict(model, dataset.images, test), truth),
        # Softened, noisy and off-colour copies of the test pictures: nearer to what a generator draws.
        "test_augmented": class_scores(changed, truth),
        "seconds": round(time.monotonic() - start, 1),
    }
    accuracy = metrics["test"]["emotion_accuracy"]
    if accuracy < GOOD:
        for line in confusions(dataset.emotions, np.array(metrics["test"]["emotion_confusion"])):
            log(f"classifier: {line}")
    if accuracy < settings.floor:
        raise TrainError(
            f"the classifier reads the emotion of {accuracy:.0%} of the test pictures, and classifier.floor is "
            f"{settings.floor:.0%}: axes would be fitted to guesses; check the labels (`tlgan-train data`), give more "
            "pictures, or merge emotions that look alike"
        )
    save_tensors(_weights_path(run), model.state_dict(), {"network": network, "shape": shape})
    write_json(run / "classifier" / "metrics.json", metrics)
    log(
        f"classifier: test emotion {metrics['test']['emotion_accuracy']:.2%}, "
        f"character {metrics['test']['character_accuracy']:.2%} of {len(test)} pictures, {metrics['seconds']:.0f} s"
    )
    return ClassifierResult(model, metrics)


def confusions(names: tuple[str, ...], counts: np.ndarray) -> list[str]:
    """Lines on what is taken for what, the most frequent first.

    Args:
        counts: (E, E) pictures; row the true class, column the one read.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0.0)
    order = np.dstack(np.unravel_index(np.argsort(-shares, axis=None), shares.shape))[0]
    return [
        f"{shares[true, read]:.0%} of the pictures of {names[true]} are read as {names[read]}"
        for true, read in order
        if shares[true, read] >= CONFUSED
    ]


def load_classifier(run: Path, compute: Compute = ON_CPU) -> Classifier:
    """The trained classifier of a run, in eval mode."""
    return _load(_weights_path(run), compute)


def load_coaches(run: Path, count: int, compute: Compute = ON_CPU) -> tuple[Classifier, ...]:
    """The first `count` coaches of a run, as the classifier itself."""
    return tuple(_load(_coach_path(run, index), compute) for index in range(count))


def new_classifier(settings: ClassifierConfig, dataset: Dataset) -> Classifier:
    """Return an untrained classifier for the emotions and characters of a data set."""
    return _built(settings.network, _shape(settings, dataset))


def _shape(settings: ClassifierConfig, dataset: Dataset) -> dict[str, int]:
    shape = {"emotions": len(dataset.emotions), "characters": len(dataset.characters), "hidden": settings.hidden}
    return shape if settings.network == "alexnet" else {**shape, "image_size": dataset.image_size}


def _start_with(model: nn.Module, known: dict[str, Tensor]) -> float:
    """Load the weights whose names and shapes fit, and return which share of all these are."""
    own = model.state_dict()
    fitting = {name: value for name, value in known.items() if name in own and own[name].shape == value.shape}
    model.load_state_dict(fitting, strict=False)
    return sum(value.numel() for value in fitting.values()) / sum(value.numel() for value in own.values())


def _built(network: str, shape: dict[str, int]) -> Classifier:
    return EmotionClassifier(**shape) if network == "alexnet" else ResidualClassifier(**shape)


def _load(path: Path, compute: Compute) -> Classifier:
    tensors, facts = load_tensors(path, "classifier")
    model = _built(facts.get("network", "alexnet"), facts["shape"])  # earlier versions had no other network
    model.load_state_dict(tensors)
    return compute.place(model).eval()


def _weights_path(run: Path) -> Path:
    return run / "classifier" / "weights.safetensors"


def _coach_path(run: Path, index: int) -> Path:
    return run / "classifier" / f"coach{index + 1}.safetensors"


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name; raises `TrainError` for what is no such file."""
    wanted = "a torchvision AlexNet state_dict saved as .safetensors, or as .pth with torch.save"
    if not path.is_file():
        raise TrainError(f"no weights file at {path}; --alexnet-weights takes {wanted}")
    try:
        if path.suffix == ".safetensors":
            found = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise TrainError(f"cannot read weights from {path} ({reason}); --alexnet-weights takes {wanted}") from error
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise TrainError(f"{path} holds no named tensors; --alexnet-weights takes {wanted}")
    return found
