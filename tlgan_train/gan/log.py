"""The log of a training run: JSON lines, TensorBoard and a progress bar."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import TextIO

import numpy as np
from torch import Tensor
from tqdm import tqdm

from tlgan_train.errors import TrainError
from tlgan_train.run_folder import written


def diverged(images: int) -> TrainError:
    """Return the error for losses or weights that are no longer finite."""
    return TrainError(
        f"training diverged before {images:,} pictures; the last good checkpoint is kept. "
        "Lower gan.generator_lr and gan.discriminator_lr, or use gan.precision=fp32"
    )


def collapsed(images: int) -> TrainError:
    """Return the error for a generator that draws the same picture for every latent."""
    return TrainError(
        f"the generator collapsed: after {images:,} pictures it draws one face for every latent; the last good "
        "checkpoint is kept. Use gan.discriminator_norm=spectral, an encoder (gan.reconstruction_weight=40), or "
        "lower gan.discriminator_lr"
    )


class TrainingLog:
    """Writes losses as JSON lines and TensorBoard scalars. Shows a progress bar with pictures/s and time left."""

    EVERY = 50
    """Steps between log lines. Each line has the mean losses of these steps."""

    def __init__(self, folder: Path, step: int, steps: int, batch_size: int, progress: bool) -> None:
        from torch.utils.tensorboard import SummaryWriter  # the import takes a second, which finished stages save

        folder.mkdir(parents=True, exist_ok=True)
        self._batch_size, self._steps = batch_size, steps
        self._file = self._lines_up_to(folder / "metrics.jsonl", step * batch_size)
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step * batch_size)
        self._bar = tqdm(
            total=steps * batch_size, initial=step * batch_size, unit=" images", disable=None if progress else True
        )
        self._sums: dict[str, tuple[Tensor | int, int]] = {}
        self._count, self._since = 0, time.perf_counter()

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._board.close()
        self._bar.close()

    def step(self, step: int, losses: dict[str, Tensor]) -> None:
        """Add the losses of a step. Raises `TrainError` if the means of the last steps are not finite."""
        self._bar.update(self._batch_size)
        self._count += 1
        for name, loss in losses.items():
            total, count = self._sums.get(name, (0, 0))
            self._sums[name] = (total + loss, count + 1)
        if step % self.EVERY and step != self._steps:
            return
        means = {name: float(total) / count for name, (total, count) in self._sums.items()}
        images, seconds = step * self._batch_size, time.perf_counter() - self._since
        if not np.isfinite(list(means.values())).all():
            raise diverged(images)
        row = {"images": images, **means, "images_per_second": self._count * self._batch_size / seconds}
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        for name, value in means.items():
            self._board.add_scalar(f"loss/{name}", value, images)
        self._bar.set_postfix({name: f"{value:.3f}" for name, value in means.items()}, refresh=False)
        self._sums, self._count, self._since = {}, 0, time.perf_counter()

    @staticmethod
    def _lines_up_to(path: Path, images: int) -> TextIO:
        """Open the log for appending. Removes rows that a killed run wrote after its last checkpoint."""
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        before_checkpoint = [line for line in lines if _images(line) <= images]
        with written(path) as temporary:
            temporary.write_text("".join(line + "\n" for line in before_checkpoint))
        return path.open("a", encoding="utf-8")


def _images(line: str) -> float:
    """Return the number of pictures in a row of the log, or infinity if the row was cut off, as by a power failure."""
    try:
        return float(json.loads(line)["images"])
    except (ValueError, TypeError, KeyError):
        return math.inf


class NullLog:
    """A log that writes nothing, for all processes except the first one."""

    def __enter__(self) -> NullLog:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def step(self, step: int, losses: dict[str, Tensor]) -> None:
        pass
