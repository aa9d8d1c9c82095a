"""What the classifier reads in pictures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Scores(NamedTuple):
    """Probabilities; the rows of each table sum to 1."""

    emotion: NDArray[np.float32]
    """(N, E), columns in the order of `CheerMeUp.emotions`."""
    character: NDArray[np.float32]
    """(N, C), columns in the order of `CheerMeUp.characters`."""

    def together(self, emotions: NDArray[np.bool_], characters: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(N,) probability of the chosen `emotions`, (E,), together, or of the `characters`, (C,), if that is lower.

        At least one of the two must choose something; a table in which nothing is chosen does not count.
        """
        tables = ((self.emotion, emotions), (self.character, characters))
        sums = [table[:, chosen].sum(axis=1, dtype=np.float64) for table, chosen in tables if chosen.any()]
        lowest: NDArray[np.float64] = np.min(sums, axis=0)
        return lowest
