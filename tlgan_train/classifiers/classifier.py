"""Step II: the network that reads emotion and character (paper, sections 4.1 and 4.2)."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from tlgan_train.classifiers.augment import augment
from tlgan_train.classifiers.training import Training, class_scores, fit, parameter_count
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.compute.seeds import seeded, stream_seed
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.models.alexnet import EmotionClassifier
from tlgan_train.models.inference import predict
from tlgan_train.run_folder import load_tensors, save_tensors, write_json

STREAM = "classifier"
CACHED_WEIGHTS = "alexnet-owt-7be5be79.pth"
"""Name under which torchvision keeps its pretrained AlexNet in torch's hub cache."""


@dataclass(frozen=True)
class ClassifierResult:
    """A trained classifier and what was measured of it."""

    model: EmotionClassifier
    """In eval mode, with the weights of the best epoch."""
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
    """Train on all characters, keep the best validation epoch, grade it on the test split, and write both down.

    Writes `classifier/weights.safetensors`, `classifier/coachN.safetensors` for each coach, and, last,
    `classifier/metrics.json` in `run`. The same seed, data, machine and number of threads give the same weights.

    Args:
        weights: a torchvision AlexNet `state_dict`, .safetensors or .pth, that the features start from. Without it
            torchvision's own file in torch's hub cache is taken; nothing is downloaded.
        compute: where the networks learn; None is what this machine offers.

    Raises:
        TrainError: weights that cannot be used, too few pictures, or a loss that is no longer finite.
    """
    start = time.monotonic()
    settings = config.classifier
    shape = {"emotions": len(dataset.emotions), "characters": len(dataset.characters), "hidden": settings.hidden}
    source = weights or _cached_weights()
    features = None if source is None else read_weights(source)
    targets = (dataset.emotion, dataset.character)
    compute = compute or Compute.here(config.gan.precision)

    def trained(seed: int) -> tuple[EmotionClassifier, list[dict[str, float]]]:
        model = seeded(lambda: EmotionClassifier(**shape), seed)
        if features is not None:
            model.load_features(features, str(source))
        training = Training(settings.batch_size, settings.epochs, settings.lr, seed, settings.augment, compute)
        slow = () if features is None else model.features.parameters()
        return model, fit(model, dataset, targets, training, log, slow=slow)

    if features is not None:
        log(f"classifier: AlexNet features start from {source}")
    else:
        log("classifier: no pretrained AlexNet weights (give them with --alexnet-weights FILE), training from scratch")
    model, epochs = trained(stream_seed(config.seed, STREAM))

    test = dataset.indices("test")
    truth = tuple(target[test] for target in targets)
    changes = torch.Generator().manual_seed(stream_seed(config.seed, f"{STREAM} test"))
    changed = predict(model, dataset.images, test, change=lambda x: augment(x, changes))
    coaches = []
    for index in range(settings.coaches):
        coach, _ = trained(stream_seed(config.seed, f"{STREAM} coach {index}"))
        save_tensors(_coach_path(run, index), coach.state_dict(), {"shape": shape})
        coaches.append(class_scores(predict(coach, dataset.images, test), truth)["emotion_accuracy"])
    metrics = {
        "emotions": dataset.emotions,
        "characters": dataset.characters,
        "coaches": coaches,
        "hidden": settings.hidden,
        "parameters": parameter_count(model),
        "from_scratch": source is None,
        "data_digest": dataset.digest,
        "epochs": epochs,
        "test": class_scores(predict(model, dataset.images, test), truth),
        # Softened, noisy and off-colour copies of the test pictures: nearer to what a generator draws.
        "test_augmented": class_scores(changed, truth),
        "seconds": round(time.monotonic() - start, 1),
    }
    save_tensors(_weights_path(run), model.state_dict(), {"shape": shape})
    write_json(run / "classifier" / "metrics.json", metrics)
    log(
        f"classifier: test emotion {metrics['test']['emotion_accuracy']:.2%}, "
        f"character {metrics['test']['character_accuracy']:.2%} of {len(test)} pictures, {metrics['seconds']:.0f} s"
    )
    return ClassifierResult(model, metrics)


def load_classifier(run: Path, compute: Compute = ON_CPU) -> EmotionClassifier:
    """The trained classifier of a run, in eval mode."""
    return _load(_weights_path(run), compute)


def load_coaches(run: Path, count: int, compute: Compute = ON_CPU) -> tuple[EmotionClassifier, ...]:
    """The first `count` coaches of a run, as the classifier itself."""
    return tuple(_load(_coach_path(run, index), compute) for index in range(count))


def _load(path: Path, compute: Compute) -> EmotionClassifier:
    tensors, facts = load_tensors(path, "classifier")
    model = EmotionClassifier(**facts["shape"])
    model.load_state_dict(tensors)
    return compute.place(model).eval()


def _weights_path(run: Path) -> Path:
    return run / "classifier" / "weights.safetensors"


def _coach_path(run: Path, index: int) -> Path:
    return run / "classifier" / f"coach{index + 1}.safetensors"


def _cached_weights() -> Path | None:
    path = Path(torch.hub.get_dir()) / "checkpoints" / CACHED_WEIGHTS
    return path if path.is_file() else None


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
