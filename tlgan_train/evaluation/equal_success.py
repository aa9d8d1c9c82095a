"""Compares methods at equal success: how much else each of them changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlgan_train.evaluation.edits import Course


def at_equal_success(own: dict[str, Course], other: dict[str, Course], factors: list[str]) -> dict[str, dict[str, Any]]:
    """What else two methods change where they succeed equally often, for each emotion with which either does at all.

    A method that arrives changes more than one that stops half way; so each is stopped at its first step at which as
    many faces have arrived as ever do with the worse of the two.
    """
    result = {}
    for emotion, course in own.items():
        both = (course, other[emotion])
        if any(walk.success is None for walk in both):
            continue
        reached = min(walk.success[-1] for walk in both)
        if reached > 0:
            stops = [int((walk.success >= reached).argmax()) for walk in both]
            changes = [walk.change[stop].tolist() for walk, stop in zip(both, stops, strict=True)]
            result[emotion] = {
                "success": float(reached),
                "strengths": [stop / (len(walk.success) - 1) for walk, stop in zip(both, stops, strict=True)],
                "factors": {factor: list(pair) for factor, *pair in zip(factors, *changes, strict=True)},
            }
    return result


def changes_at_equal_success(
    evaluation: dict[str, Any], method: str
) -> list[tuple[str, float, float, float, float | None]]:
    """For each known factor its name, the judge's noise, how much `method` and `paper` change it where they succeed
    equally often (means over emotions), and the share of the first in the second, both without the noise.
    """
    found = [of["factors"] for of in evaluation["methods"][method].get("equal_success", {}).values()]
    rows = []
    for factor, noise in evaluation["judge"]["factor_noise"].items() if found else ():
        own, other = (float(np.mean([factors[factor][side] for factors in found])) for side in (0, 1))
        clean = [without_noise(change, noise) for change in (own, other)]
        rows.append((factor, noise, own, other, clean[0] / clean[1] if clean[1] > 0 else None))
    return rows


def without_noise(change: float, noise: float) -> float:
    """A mean absolute change less the judge's noise, which adds to it in squares: two readings of one face differ by it
    alone."""
    return max(change**2 - noise**2, 0) ** 0.5
