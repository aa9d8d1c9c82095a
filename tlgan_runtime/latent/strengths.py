"""Compute the strengths of each frame, for walks from 0 to 1 and for timelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WALK_HOLD = 0.5
"""Default of the additional seconds for which the ends of a walk stay."""


def walk_strengths(steps: int, easing: str = "linear") -> NDArray[np.float64]:
    """Return strengths (steps,) from 0 to 1, both included, for steps >= 2. They are evenly spaced before easing."""
    return ease(np.linspace(0.0, 1.0, steps), easing)


def ease(share: NDArray[np.float64], easing: str) -> NDArray[np.float64]:
    """Return the progress, 0 to 1, at each share of the time. `smooth` starts and ends slowly, `linear` is even."""
    return share if easing == "linear" else share * share * (3.0 - 2.0 * share)


def timeline_strengths(
    times: NDArray[np.float64], keys: NDArray[np.float64], fps: float, easing: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times (T,) in seconds and strengths (T, E) of the frames between `keys` (K, E) at `times` (K,) seconds.

    Each keyframe is a frame at exactly its time. The frames between two keyframes are evenly spaced, at most `fps` per
    second. Each gap is eased separately.
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
    """The strengths of each frame, with the arguments with which `write_animation` plays them."""

    strengths: NDArray[np.float64]
    """(T, C, E) for C columns of faces that move at the same time."""
    loop: str
    hold: float
    seconds: Sequence[float] | None
    """Seconds from each frame to the next. None is 1 / fps for all."""


def walk_course(
    targets: NDArray[np.float64], steps: int, easing: str | None, loop: str | None, hold: float | None
) -> Course:
    """Return a course from strength 0 to `targets` (C, E) in `steps` frames."""
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
    """Return a course through `keys` (K, E) at `times` (K,) seconds. `CheerMeUp.gif` explains how it closes."""
    moments, strengths = timeline_strengths(times, keys, fps, easing or "smooth")
    closed = np.array_equal(keys[0], keys[-1])
    loop = loop or ("forth" if closed else "forth-and-back")
    seconds = [*np.diff(moments), 1 / fps]
    # The first frame of the next pass serves as the last frame of this pass.
    shown = len(seconds) - 1 if closed and loop == "forth" else len(seconds)
    return Course(strengths[:shown, None], loop, hold or 0.0, seconds[:shown])
