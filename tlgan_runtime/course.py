"""What an animation goes through: the strengths of each frame, and how it is timed and repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime import latent

WALK_HOLD = 0.5
"""Seconds that the ends of a walk stay longer, unless something else is asked for."""


@dataclass(frozen=True, eq=False)
class Course:
    """Strengths frame by frame, with the arguments that `write_animation` needs to play them."""

    strengths: NDArray[np.float64]
    """(T, C, E) for C columns of faces that move at the same time."""
    loop: str
    hold: float
    seconds: Sequence[float] | None
    """From each frame to the next; None is 1 / fps."""


def walk_course(
    targets: NDArray[np.float64], steps: int, easing: str | None, loop: str | None, hold: float | None
) -> Course:
    """From strength 0 to `targets` (C, E) in `steps` frames."""
    strengths = np.multiply.outer(latent.walk_strengths(steps, easing or "linear"), targets)
    return Course(strengths, loop or "forth-and-back", WALK_HOLD if hold is None else hold, None)


def timeline_course(
    times: NDArray[np.float64],
    keys: NDArray[np.float64],
    fps: float,
    easing: str | None,
    loop: str | None,
    hold: float | None,
) -> Course:
    """Through `keys` (K, E) at `times` (K,) seconds; see `CheerMeUp.gif` for how it closes."""
    moments, strengths = latent.timeline_strengths(times, keys, fps, easing or "smooth")
    closed = np.array_equal(keys[0], keys[-1])
    loop = loop or ("forth" if closed else "forth-and-back")
    seconds = [*np.diff(moments), 1 / fps]
    # The first frame of the next pass is the last one of this.
    shown = len(seconds) - 1 if closed and loop == "forth" else len(seconds)
    return Course(strengths[:shown, None], loop, hold or 0.0, seconds[:shown])
