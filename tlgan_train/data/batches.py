"""The real pictures of each training step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tlgan_train.data.dataset import Dataset


@dataclass(frozen=True)
class Batches:
    """Chooses the real pictures of a step from (seed, step) alone, so that resuming needs no sampler state."""

    dataset: Dataset
    indices: np.ndarray
    """int64 (N,), the indices to choose from."""
    size: int
    """Pictures in each step."""
    balanced: bool
    """Whether classes (character and emotion) come equally often. Otherwise, passes in a shuffled order."""
    seed: int

    def __getitem__(self, step: int) -> np.ndarray:
        """Return the picture indices, int64 (size,), of a step. Steps count from 0."""
        if self.balanced:
            rng = np.random.default_rng([self.seed, 1, step])
            chosen = rng.integers(len(self._classes), size=self.size)
            return np.array([rng.choice(self._classes[number]) for number in chosen])
        positions = np.arange(step * self.size, (step + 1) * self.size)
        count = len(self.indices)
        orders = {e: np.random.default_rng([self.seed, 1, e]).permutation(count) for e in set(positions // count)}
        return np.array([self.indices[orders[p // count][p % count]] for p in positions])

    @cached_property
    def _classes(self) -> list[np.ndarray]:
        labels = self.dataset.classes[self.indices]
        return [self.indices[labels == label] for label in np.unique(labels)]
