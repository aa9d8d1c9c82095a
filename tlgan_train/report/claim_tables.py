"""Turns claims into tables, and into remarks below figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tlgan_train.report.evidence import Evidence
from tlgan_train.report.rule import FAILS, HOLDS, IN_PART, NOT_MEASURED, Claim
from tlgan_train.report.text import render

Table = tuple[list[str], list[list[str]]]
"""The heads of the columns, and rows of cells."""


def network_table(claims: Sequence[Claim]) -> Table:
    """The claims about networks."""
    rows = [[c.source, c.says, c.rule, c.findings[""].measured, c.findings[""].verdict] for c in claims if _plain(c)]
    return ["paper", "it claims", "holds where", "measured", "verdict"], rows


def axis_table(claims: Sequence[Claim], methods: Sequence[str]) -> Table:
    """The claims about axes, with two columns for each method."""
    rows = [
        [c.source, c.says, c.rule, *(cell for m in methods for cell in (c.findings[m].measured, c.findings[m].verdict))]
        for c in claims
        if not _plain(c)
    ]
    return ["paper", "it claims", "holds where", *(head for m in methods for head in (m, f"verdict, {m}"))], rows


def tally(claims: Sequence[Claim], method: str) -> str:
    """Number of claims with each verdict, in words."""
    count = Counter(c.findings["" if _plain(c) else method].verdict for c in claims)
    words = {HOLDS: "hold", IN_PART: "hold in part", FAILS: "do not hold", NOT_MEASURED: "cannot be measured here"}
    return ", ".join(f"{count[verdict]} {word}" for verdict, word in words.items() if count[verdict])


def remarks(claims: Sequence[Claim], figures: Sequence[int], methods: Sequence[str]) -> list[tuple[str, str]]:
    """A sentence and a verdict for each claim that belongs to one of the paper's `figures`."""
    found = []
    for claim in claims:
        if not set(claim.figures) & set(figures):
            continue
        for method, finding in claim.findings.items():
            if method == "" or method in methods:
                which = f" with {method}" if method and len(methods) > 1 else ""
                found.append((f"The paper: {claim.says} Measured{which}: {finding.measured}.", finding.verdict))
    return found


def markdown(claims: Sequence[Claim], evidence: Evidence) -> str:
    """The text of `claims.md`: the run, the number of claims that hold, and the tables."""
    return render(
        "claims.md.jinja",
        drawn=evidence.evaluation.drawn_characters,
        training=evidence.training,
        default=evidence.evaluation.default,
        tallies={method: tally(claims, method) for method in evidence.compared},
        networks=network_table(claims),
        axes=axis_table(claims, evidence.compared),
    )


def _plain(claim: Claim) -> bool:
    return "" in claim.findings
