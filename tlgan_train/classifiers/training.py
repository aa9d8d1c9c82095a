"""Learning labels of pictures: the one loop behind the classifier and the judge."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tlgan_train.classifiers.augment import augment
from tlgan_train.compute.compute import Compute
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.models.inference import predict, to_tensor

CLIP = 5.0
"""Largest norm of a step's gradient."""
WEIGHT_DECAY = 0.01
"""AdamW's default."""
WARM_UP = 0.2
"""Share of the steps in which the step size rises to its peak."""


@dataclass(frozen=True)
class Training:
    """How a network is trained on one data set."""

    batch_size: int
    """Pictures a step."""
    epochs: int
    """Passes over the training split of all characters."""
    lr: float
    """Peak step size of the `Descent`."""
    seed: int
    """Decides the order of the pictures and their changes."""
    augment: bool
    """Whether pictures are changed at random before each step."""
    compute: Compute
    """Where the network learns, and in which precision."""


def parameter_count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


class Descent:
    """AdamW with clipped gradients under a one-cycle schedule (Smith and Topin 2019).

    Args:
        lr: peak step size.
        steps: length of the cycle.
        slow: parameters that learn ten times as slowly as the others: those that were trained elsewhere before.
    """

    def __init__(self, model: nn.Module, lr: float, steps: int, slow: Iterable[nn.Parameter] = ()) -> None:
        self._parameters, slow_ids = list(model.parameters()), {id(p) for p in slow}
        groups = [
            {"params": [p for p in self._parameters if id(p) not in slow_ids], "lr": lr},
            {"params": [p for p in self._parameters if id(p) in slow_ids], "lr": lr / 10},
        ]
        self._optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, partial(_one_cycle, steps=steps))

    def step(self, loss: Tensor) -> None:
        """One step down the gradient of `loss`."""
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._parameters, CLIP)
        self._optimizer.step()
        self._schedule.step()


def fit(
    model: nn.Module,
    dataset: Dataset,
    targets: tuple[np.ndarray, ...],
    training: Training,
    log: Callable[[str], None],
    slow: Iterable[nn.Parameter] = (),
) -> list[dict[str, float]]:
    """Train `model` and leave it, in eval mode, with the weights that did best on the validation split.

    Best is the highest mean accuracy over the class targets; equal ones are told apart by the loss. Steps compute in
    the precision of `training.compute`; validation, like all reading, in fp32.

    Args:
        model: maps pictures (N, 3, S, S) in [-1, 1] to a tuple of outputs, one for each target.
        targets: for all pictures of the data set, int64 (N,) classes (cross-entropy) or float32 (N, F) values
            (mean squared error); emotion and character come first, in this order. The losses are added.
        slow: see `Descent`.

    Returns:
        One row an epoch: `epoch` from 1, `images` seen, `loss`, `validation_loss`, `validation_emotion_accuracy`,
        `validation_character_accuracy`, `seconds` since the start, `best` (1 for the row whose weights were kept).

    Raises:
        TrainError: too few pictures, or a loss that is no longer finite.
    """
    train = dataset.indices("train")
    if shortage := dataset.shortage():
        raise TrainError(shortage)
    if training.epochs < 1 or training.batch_size < 2:
        raise TrainError("training needs epochs of 1 or more and a batch_size of 2 or more")
    compute = training.compute
    compute.place(model).to(memory_format=torch.channels_last)
    truth = tuple(map(compute.put, targets))
    parts = -(-len(train) // training.batch_size)

    descent = Descent(model, training.lr, training.epochs * parts, slow)
    order = np.random.default_rng(training.seed)
    changes = torch.Generator().manual_seed(training.seed)

    start, rows, best, best_epoch, kept = time.monotonic(), [], (-1.0, 0.0), 0, {}
    for epoch in range(1, training.epochs + 1):
        model.train()
        total = torch.zeros((), device=compute.device)
        # Parts of nearly equal size: a last batch of one picture would have no variance for BatchNorm.
        for part in np.array_split(order.permutation(train), parts):
            x = to_tensor(dataset.images[part], compute.device)
            x = augment(x, changes) if training.augment else x
            with compute.autocast():
                outputs = tuple(output.float() for output in model(x))
            loss = _loss(outputs, tuple(t[part] for t in truth))
            descent.step(loss)
            total += loss.detach() * len(part)
        if not torch.isfinite(total):
            raise TrainError(f"training broke down in epoch {epoch}: the loss is not finite; try a lower lr")

        row = {
            "epoch": epoch,
            "images": epoch * len(train),
            "loss": total.item() / len(train),
            **_validation(model, dataset, targets),
            "seconds": round(time.monotonic() - start, 1),
        }
        rows.append(row)
        log(
            f"epoch {epoch}/{training.epochs}: loss {row['loss']:.3f}, validation: emotion "
            f"{row['validation_emotion_accuracy']:.2%}, character {row['validation_character_accuracy']:.2%}, "
            f"{row['images'] / max(time.monotonic() - start, 1e-9):.0f} images/s"
        )
        score = (row["validation_emotion_accuracy"] + row["validation_character_accuracy"], -row["validation_loss"])
        if score > best:
            best, best_epoch = score, epoch
            kept = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(kept)
    model.eval()
    return [{**row, "best": int(row["epoch"] == best_epoch)} for row in rows]


def class_scores(outputs: tuple[np.ndarray, ...], truth: tuple[np.ndarray, ...]) -> dict[str, Any]:
    """Accuracies, confusion matrices (row the true class, column the one read) and number of pictures.

    Args:
        outputs: logits of emotion (N, E) and of character (N, C).
        truth: their classes, int64 (N,).
    """
    scores: dict[str, Any] = {"pictures": len(truth[0])}
    for name, logits, classes in zip(("emotion", "character"), outputs, truth, strict=True):
        read = logits.argmax(axis=1)
        counts = np.zeros((logits.shape[1],) * 2, dtype=np.int64)
        np.add.at(counts, (classes, read), 1)
        scores[f"{name}_accuracy"] = float(np.mean(read == classes))
        scores[f"{name}_confusion"] = counts.tolist()
    return scores


def _validation(model: nn.Module, dataset: Dataset, targets: tuple[np.ndarray, ...]) -> dict[str, float]:
    chosen = dataset.indices("validation")
    outputs, truth = predict(model, dataset.images, chosen), tuple(target[chosen] for target in targets)
    scores = class_scores(outputs[:2], truth[:2])
    loss = _loss(tuple(map(torch.from_numpy, outputs)), tuple(map(torch.from_numpy, truth)))
    return {
        "validation_loss": loss.item(),
        "validation_emotion_accuracy": scores["emotion_accuracy"],
        "validation_character_accuracy": scores["character_accuracy"],
    }


def _one_cycle(step: int, steps: int) -> float:
    """Share of the peak step size at `step` of `steps`: up in a line, down to 0 in a half cosine."""
    rise = max(1.0, WARM_UP * steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    return 0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1.0, steps - rise))


def _loss(outputs: tuple[Tensor, ...], targets: tuple[Tensor, ...]) -> Tensor:
    total = torch.zeros((), device=outputs[0].device)
    for output, target in zip(outputs, targets, strict=True):
        if target.is_floating_point():
            total = total + (functional.mse_loss(output, target) if target.shape[1] else 0.0)
        else:
            total = total + functional.cross_entropy(output, target)
    return total
