"""A claim of the paper, the rule by which it holds, and the finding."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

HOLDS, IN_PART, FAILS, NOT_MEASURED = "holds", "holds in part", "does not hold", "not measured here"


@dataclass(frozen=True)
class Rule:
    """A claim holds if the quantity reaches `holds`, and in part if it only reaches `part`.

    The quantity must rise to reach them if `holds` is the higher one, and fall otherwise.
    """

    quantity: str
    holds: float
    part: float

    def verdict(self, value: float | None) -> str:
        """`NOT_MEASURED` for None or NaN."""
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
    """A measurement in words, and the verdict."""

    measured: str
    verdict: str


@dataclass(frozen=True)
class Claim:
    """One claim of the paper in short, with the findings."""

    source: str
    """Figures and sections of the paper, in words."""
    figures: tuple[int, ...]
    """Numbers of the paper's figures."""
    says: str
    rule: str
    findings: dict[str, Finding]
    """By method; under "" if the claim is not about axes."""
    judged: bool = True
    """Whether the judge measured it."""

    def unmeasured(self, why: str) -> Claim:
        """Return the same claim, of which nothing is known."""
        return replace(self, findings=dict.fromkeys(self.findings, Finding(why, NOT_MEASURED)))
