"""One figure on the page of a report, with what the paper claims of it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from tlgan_train.report import charts
from tlgan_train.report.claim_tables import remarks
from tlgan_train.report.page import Page
from tlgan_train.report.results import Results


def chart(
    sheet: Page,
    results: Results,
    name: str,
    figure: Figure | bytes,
    paper: Sequence[int],
    caption: str,
    methods: Sequence[str] | None = None,
) -> None:
    """Add a figure (or a PNG file) whose counterparts in the paper have the numbers `paper`.

    Below it stand the paper's claims about those, measured with `methods`: the default and the paper's unless given.
    """
    data = figure if isinstance(figure, bytes) else charts.png(figure)
    shown = results.evidence.compared if methods is None else methods
    sheet.picture(name, data, paper, caption, remarks(results.claims, paper, shown))
