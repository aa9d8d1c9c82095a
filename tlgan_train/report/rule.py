"""When a claim of the paper holds, and what was found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOLDS, IN_PART, FAILS, NOT_MEASURED = "holds", "holds in part", "does not hold", "not measured here"


@dataclass(frozen=True)
class Rule:
    """When a claim holds: the quantity reaches `holds`; in part where it reaches `part` only."""

    quantity: str
    holds: float
    part: float

    def verdict(self, value: float | None) -> str:
        if value is None or np.isnan(value):
            return NOT_MEASURED
        sign = 1 if self.holds >= self.part else -1
        if sign * value >= sign * self.holds:
            return HOLDS
        return IN_PART if sign * value >= sign * self.part else FAILS

    def __str__(self) -> str:
        sign = "≥" if self.holds >= self.part else "≤"
        return f"{self.quantity} {sign} {self.holds:g}; in part: {sign} {self.part:g}"


@dataclass(frozen=True)
class Finding:
    """What was measured, in words, and the verdict on it."""

    measured: str
    verdict: str


@dataclass(frozen=True)
class Claim:
    """One claim of the paper, in short, with what was found."""

    source: str
    """Figures and sections of the paper."""
    figures: tuple[int, ...]
    says: str
    rule: str
    findings: dict[str, Finding]
    """By method of axes; by "" where axes have no part in it."""
