"""Strengths frame by frame: the walk from 0 to 1, and timelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WALK_HOLD = 0.5
"""Seconds that the ends of a walk stay longer, unless something else is asked for."""


def walk_strengths(steps: int, easing: str = "linear") -> NDArray[np.float64]:
    """(steps,) strengths from 0 to 1, both included; steps >= 2. Evenly spaced, unless eased."""
    return ease(np.linspace(0.0, 1.0, steps), easing)


def ease(share: NDArray[np.float64], easing: str) -> NDArray[np.float64]:
    """How far along at each share, 0 to 1, of the time: `linear`, or `smooth`, which sets off and arrives slowly."""
    return share if easing == "linear" else share * share * (3.0 - 2.0 * share)


def timeline_strengths(
    times: NDArray[np.float64], keys: NDArray[np.float64], fps: float, easing: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds (T,) and strengths (T, E) of the frames of a timeline with `keys` (K, E) at `times` (K,) seconds.

    Each keyframe is a frame at exactly its time; the frames between two are evenly spaced, at most `fps` a second, and
    each gap is eased by itself.
    """
    moments, rows = [times[:1]], [keys[:1]]
    for start, end, here, there in zip(times, times[1:], keys, keys[1:], strict=False):
        count = max(1, int((end - start) * fps + 1e-6))  # rounding must not cost a frame
        share = np.arange(1, count + 1) / count
        moments.append(start + share * (end - start))
        along = ease(share, easing)[:, None]
        rows.append((1 - along) * here + along * there)
    return np.concatenate(moments), np.concatenate(rows)


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
    strengths = np.multiply.outer(walk_strengths(steps, easing or "linear"), targets)
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
    moments, strengths = timeline_strengths(times, keys, fps, easing or "smooth")
    closed = np.array_equal(keys[0], keys[-1])
    loop = loop or ("forth" if closed else "forth-and-back")
    seconds = [*np.diff(moments), 1 / fps]
    # The first frame of the next pass is the last one of this.
    shown = len(seconds) - 1 if closed and loop == "forth" else len(seconds)
    return Course(strengths[:shown, None], loop, hold or 0.0, seconds[:shown])
