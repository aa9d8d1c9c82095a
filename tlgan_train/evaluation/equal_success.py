"""Compares methods at equal success: how much else each of them changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tlgan_train.evaluation.document import Evaluation
from tlgan_train.evaluation.edits import WalkProgress
from tlgan_train.evaluation.parts import EqualSuccess


@dataclass(frozen=True)
class FactorChange:
    """How much two methods change one known factor: means over emotions of its absolute change.

    In standard deviations of the pictures, but for `share`.
    """

    factor: str
    noise: float
    """The mean absolute difference between two readings of the judge."""
    own: float
    """The change by the method that is compared with `paper`."""
    paper: float
    share: float | None
    """The first in the second, both without the noise; None where `paper` changes nothing."""


def at_equal_success(
    own: Mapping[str, WalkProgress], other: Mapping[str, WalkProgress], factors: list[str]
) -> dict[str, EqualSuccess]:
    """What two methods change where they succeed equally often, for each emotion that both of them ever reach.

    A method that arrives changes more than one that stops half way. So each is stopped at the first step at which as
    many faces have arrived as ever do with the worse of the two.
    """
    result = {}
    for emotion, progress in own.items():
        both = (progress, other[emotion])
        if any(walk.success is None for walk in both):
            continue
        reached = min(walk.success[-1] for walk in both)
        if reached > 0:
            stops = [int((walk.success >= reached).argmax()) for walk in both]
            changes = [walk.change[stop].tolist() for walk, stop in zip(both, stops, strict=True)]
            result[emotion] = EqualSuccess(
                success=float(reached),
                strengths=[stop / (len(walk.success) - 1) for walk, stop in zip(both, stops, strict=True)],
                factors={factor: list(pair) for factor, *pair in zip(factors, *changes, strict=True)},
            )
    return result


def changes_at_equal_success(evaluation: Evaluation, method: str) -> list[FactorChange]:
    """What `method` and `paper` change where they succeed equally often; empty where that was not measured."""
    compared = (evaluation.methods[method].equal_success or {}).values()
    changes = []
    for factor, noise in (evaluation.judge.factor_noise or {}).items() if compared else ():
        own, paper = (float(np.mean([found.factors[factor][side] for found in compared])) for side in (0, 1))
        clean = [without_noise(change, noise) for change in (own, paper)]
        changes.append(FactorChange(factor, noise, own, paper, clean[0] / clean[1] if clean[1] > 0 else None))
    return changes


def without_noise(change: float, noise: float) -> float:
    """A mean absolute change less the judge's noise, which adds to it in squares.

    Two readings of one face differ by the noise alone.
    """
    return max(change**2 - noise**2, 0) ** 0.5
