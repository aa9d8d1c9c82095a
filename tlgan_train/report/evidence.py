"""What a run or a bundle shows about the claims of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlgan_train.evaluation.document import Evaluation
from tlgan_train.evaluation.learning_curve import LearningCurve
from tlgan_train.evaluation.parts import EmotionEdit


@dataclass(frozen=True)
class Evidence:
    """Measurements that claims are held against; a bundle has no learning curve."""

    evaluation: Evaluation
    axes: dict[str, Any]
    """The methods in `axes.json`."""
    training: dict[str, Any]
    """The facts that a manifest calls `training`."""
    learning: LearningCurve | None = None

    @property
    def methods(self) -> list[str]:
        """Methods that were fitted and measured, the default first."""
        names = [name for name in self.evaluation.methods if name in self.axes]
        return sorted(names, key=lambda name: name != self.evaluation.default)

    @property
    def compared(self) -> list[str]:
        """The default and the paper's own method."""
        return [name for name in self.methods if name in (self.evaluation.default, "paper")]

    @property
    def several_characters(self) -> bool:
        """Whether the generator was trained on more than one character."""
        return len(self.evaluation.drawn_characters) > 1

    def edits(self, method: str) -> dict[str, EmotionEdit]:
        """How well every axis works, by emotion."""
        return self.evaluation.methods[method].emotions

    def leakage(self, method: str) -> np.ndarray:
        """(E, E) mean change of each emotion's probability (column) along each axis (row)."""
        table = self.evaluation.methods[method].leakage
        return np.array([table[emotion] for emotion in self.evaluation.emotions], float)
