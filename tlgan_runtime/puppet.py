"""Faces that follow strengths, eased, frame by frame, while another program sets these."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.latent.moves import Move
from tlgan_runtime.latent.vocabulary import Mix, Vocabulary
from tlgan_runtime.validation import real

SETTLE = 0.25
"""Default of the seconds in which nine tenths of a change happen."""
SHORTEST, LONGEST = 0.01, 60.0
"""Bounds of these seconds."""
_MOST_SECONDS = 1e9  # between two frames: thirty years
_TO_NINE_TENTHS = 3.88972  # solves (1 + t) exp(-t) = 1 / 10: the time of nine tenths, in time constants of the spring
_STILL = 1e-4
"""Distance to the target, and change in a time constant, below which a strength arrives. Nobody sees so little."""


class Puppet:
    """Faces that follow strengths. `CheerMeUp.puppet` makes it.

    One thread takes frames; any thread may call `set`. Strengths move as a critically damped spring does: they start
    and end smoothly, also when the target changes on the way, and stay between the strengths that were set. This is
    Lowe, "Critically Damped Ease-In/Ease-Out Smoothing", Game Programming Gems 4 (2004), with the exact solution in
    the place of its approximation, so the number of frames a second has no influence.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        move: Move,
        draw: Callable[[NDArray[np.float32]], Pixels],
        check: Callable[[NDArray[np.float64]], object],
        settle: float,
    ) -> None:
        """`check` raises `InputError` for strengths (K,) to which the faces must not move."""
        self._vocabulary = vocabulary
        self._move = move
        self._draw = draw
        self._check = check
        self._rate = _TO_NINE_TENTHS / settle
        self._target = np.zeros(len(vocabulary.names))
        self._shown = self._speed = self._target
        self._picture: Pixels | None = None
        self._drawing = threading.Lock()

    def set(self, strengths: Mix) -> None:
        """Let the faces go to `strengths`, a mix as for `CheerMeUp.move`, in the place of what was set before.

        Names that it does not hold go to 0, so `{}` leads to the faces as they were. Raises `InputError` as `move` does
        for unknown names, strengths that are not finite or out of range, and moves of which `keep` leaves nothing; the
        faces then go where they went before.
        """
        empty = isinstance(strengths, Mapping) and not strengths
        target = np.zeros(len(self._target)) if empty else self._vocabulary.strengths(strengths)
        self._check(target)
        self._target = target  # a single assignment: a frame sees this target or the one before, never a mixture

    def frame(self, seconds: float) -> Pixels:
        """The faces, `seconds` after the last frame: uint8 (N, H, W, 3), or (N, H, W, 4) where nothing is behind them.

        What is set between two frames counts from the first of them on. Faces that have arrived are not drawn again.
        Raises `InputError` for seconds that are negative or not finite.
        """
        elapsed = real("seconds", seconds, 0.0, _MOST_SECONDS)
        with self._drawing:
            before = self._shown
            self._advance(elapsed)
            if not np.array_equal(self._shown, before):
                self._picture = None
            if self._picture is None:
                self._picture = self._draw(self._move.at(self._shown))
            return self._picture.copy()  # the caller may write to it

    @property
    def strengths(self) -> dict[str, float]:
        """The strengths of all names in the last frame."""
        return dict(zip(self._vocabulary.names, self._shown.tolist(), strict=True))

    def _advance(self, seconds: float) -> None:
        target, rate = self._target, self._rate
        distance = self._shown - target
        pull = self._speed + rate * distance
        left = math.exp(-rate * seconds)
        shown, speed = target + (distance + pull * seconds) * left, (self._speed - rate * pull * seconds) * left
        arrived = (np.abs(shown - target) < _STILL) & (np.abs(speed) < _STILL * rate)
        self._shown, self._speed = np.where(arrived, target, shown), np.where(arrived, 0.0, speed)
