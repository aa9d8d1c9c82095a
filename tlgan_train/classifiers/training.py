"""Learning labels of pictures: the one loop behind the classifier and the judge."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tlgan_train.classifiers.augment import augment
from tlgan_train.compute.compute import Compute
from tlgan_train.data.batches import Batches
from tlgan_train.data.dataset import Dataset
from tlgan_train.data.views import random_affine
from tlgan_train.errors import TrainError
from tlgan_train.models.inference import predict, to_tensor

CLIP = 5.0
"""Largest norm of a step's gradient."""
WEIGHT_DECAY = 0.01
"""AdamW's default."""
RISE = 100
"""Steps in which the step size rises to its full value."""
CYCLE_RISE = 0.2
"""The same for one cycle, as a share of its steps."""
AVERAGING = 0.98
"""Decay of the averaged weights at each step. They are what is validated and kept: they do as well as a schedule of
falling step sizes does at its end, at any time, so nobody has to know the end before."""
CHECK_STEPS = 50
"""Steps between two validations."""
CHECKED_PICTURES = 1_024
"""Most validation pictures that are read at each of them, chosen at random once."""
PATIENCE = 6
"""Validations without an improvement after which training ends."""
LEAST_IMPROVEMENT = 5e-3
"""Fall of the validation loss that counts as an improvement."""


@dataclass(frozen=True)
class Training:
    """How a network is trained on one data set."""

    batch_size: int
    """Pictures in each step."""
    steps: int
    """Most steps; training ends sooner when validation stops improving."""
    lr: float
    """Step size of AdamW."""
    seed: int
    """Decides the choice of the pictures and their changes."""
    augment: bool
    """Whether pictures are changed at random before each step."""
    compute: Compute
    """Where the network learns, and in which precision."""
    move: bool = False
    """Whether pictures are also rotated, shifted and scaled at random before each step. A network that reads pose must
    not have it."""


def parameter_count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


class Descent:
    """AdamW with clipped gradients.

    Args:
        lr: the full step size.
        schedule: share of it at each step, from 0.
        slow: parameters that learn ten times as slowly as the others: those that were trained elsewhere before.
    """

    def __init__(
        self, model: nn.Module, lr: float, schedule: Callable[[int], float], slow: Iterable[nn.Parameter] = ()
    ) -> None:
        self._parameters, slow_ids = list(model.parameters()), {id(p) for p in slow}
        groups = [
            {"params": [p for p in self._parameters if id(p) not in slow_ids], "lr": lr},
            {"params": [p for p in self._parameters if id(p) in slow_ids], "lr": lr / 10},
        ]
        self._optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, schedule)

    def step(self, loss: Tensor) -> None:
        """Take one step down the gradient of `loss`."""
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
    """Train `model` for as long as validation improves, and leave it, in eval mode, with the averaged weights that did
    best on the validation split.

    Every class (character and emotion) is shown equally often. The best weights are those with the lowest loss. Steps
    compute in the precision of `training.compute`; validation, like all reading, in fp32.

    Args:
        model: maps pictures (N, 3, S, S) in [-1, 1] to a tuple of outputs, one for each target.
        targets: for all pictures of the data set, int64 (N,) classes (cross-entropy) or float32 (N, F) values
            (mean squared error); emotion and character come first, in this order. The losses are added.
        slow: see `Descent`.

    Returns:
        A row for each validation: `step` from 1, `images` seen, `loss` since the last one, `validation_loss`,
        `validation_emotion_accuracy`, `validation_character_accuracy`, `seconds` since the start, `best` (1 for the row
        whose weights were kept).

    Raises:
        TrainError: too few pictures, or a loss that is no longer finite.
    """
    if shortage := dataset.shortage():
        raise TrainError(shortage)
    if training.steps < 1 or training.batch_size < 2:
        raise TrainError("training needs steps of 1 or more and a batch_size of 2 or more")
    compute = training.compute
    compute.place(model).to(memory_format=torch.channels_last)
    truth = tuple(map(compute.put, targets))
    batches = Batches(dataset, dataset.indices("train"), training.batch_size, balanced=True, seed=training.seed)
    checked = np.random.default_rng(training.seed).permutation(dataset.indices("validation"))[:CHECKED_PICTURES]
    averaged = compute.place(AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(AVERAGING), use_buffers=True))
    descent, changes = Descent(model, training.lr, _risen, slow), torch.Generator().manual_seed(training.seed)
    start, rows, losses, kept = time.monotonic(), [], [], {}
    lowest, milestone, improved = math.inf, math.inf, 0
    for step in range(1, training.steps + 1):
        model.train()
        chosen = batches[step - 1]
        x = to_tensor(dataset.images[chosen], compute.device)
        x = random_affine(x, changes) if training.move else x
        x = augment(x, changes) if training.augment else x
        with compute.autocast():
            outputs = tuple(output.float() for output in model(x))
        loss = _loss(outputs, tuple(t[chosen] for t in truth))
        descent.step(loss)
        averaged.update_parameters(model)
        losses.append(loss.detach())
        if step % CHECK_STEPS and step < training.steps:
            continue
        row = {
            "step": step,
            "images": step * training.batch_size,
            "loss": torch.stack(losses).mean().item(),
            **_validation(averaged.module.eval(), dataset, targets, checked),
            "seconds": round(time.monotonic() - start, 1),
        }
        if not math.isfinite(row["loss"]):
            raise TrainError(f"training broke down by step {step}: the loss is not finite; try a lower lr")
        rows.append(row)
        losses = []
        log(
            f"step {step}: loss {row['loss']:.3f}, validation: emotion {row['validation_emotion_accuracy']:.2%}, "
            f"character {row['validation_character_accuracy']:.2%}, "
            f"{row['images'] / max(time.monotonic() - start, 1e-9):.0f} images/s"
        )
        if not kept or row["validation_loss"] < lowest:
            lowest, best = row["validation_loss"], step
            kept = {name: value.clone() for name, value in averaged.module.state_dict().items()}
        if row["validation_loss"] < milestone - LEAST_IMPROVEMENT:
            milestone, improved = row["validation_loss"], step
        elif step - improved >= PATIENCE * CHECK_STEPS:
            break
    model.load_state_dict(kept)
    model.eval()
    return [{**row, "best": int(row["step"] == best)} for row in rows]


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


def one_cycle(steps: int) -> Callable[[int], float]:
    """A schedule of so many steps (Smith and Topin 2019): up in a line, down to 0 in a half cosine."""
    rise = max(1.0, CYCLE_RISE * steps)

    def share(step: int) -> float:
        if step < rise:
            return (step + 1) / (rise + 1)
        return 0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1.0, steps - rise))

    return share


def _risen(step: int) -> float:
    return min(1.0, (step + 1) / RISE)


def _validation(
    model: nn.Module, dataset: Dataset, targets: tuple[np.ndarray, ...], chosen: np.ndarray
) -> dict[str, float]:
    outputs, truth = predict(model, dataset.images, chosen), tuple(target[chosen] for target in targets)
    scores = class_scores(outputs[:2], truth[:2])
    loss = _loss(tuple(map(torch.from_numpy, outputs)), tuple(map(torch.from_numpy, truth)))
    return {
        "validation_loss": loss.item(),
        "validation_emotion_accuracy": scores["emotion_accuracy"],
        "validation_character_accuracy": scores["character_accuracy"],
    }


def _loss(outputs: tuple[Tensor, ...], targets: tuple[Tensor, ...]) -> Tensor:
    total = torch.zeros((), device=outputs[0].device)
    for output, target in zip(outputs, targets, strict=True):
        if target.is_floating_point():
            total = total + (functional.mse_loss(output, target) if target.shape[1] else 0.0)
        else:
            total = total + functional.cross_entropy(output, target)
    return total
