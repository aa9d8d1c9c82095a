"""Renders the Jinja templates of report, model card and claims, and formats their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from tlgan_train.evaluation.metrics import percent
from tlgan_train.evaluation.parts import Estimate


def render(template: str, **facts: Any) -> str:
    """The text of a template in `templates/`. Raises `jinja2.UndefinedError` if it uses a fact that is not given."""
    return _ENVIRONMENT.get_template(template).render(facts)


def number(value: float | None, digits: int = 2) -> str:
    """The value with so many digits after the point; a dash for None."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def interval(estimate: Estimate) -> str:
    """A mean with its interval in brackets; a dash if there was nothing to measure."""
    if estimate.value is None:
        return "–"
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    head, *body = (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in (heads, *rows))
    return "\n".join([head, "|" + "---|" * len(heads), *body])


def _thousands(value: int) -> str:
    return f"{value:,}"


def _one_line(text: str) -> Markup:
    """A caption without the line breaks of its template."""
    return Markup(" ".join(escape(text).split()))


def _cell(text: str) -> Markup:
    """Escaped, with intervals in brackets set smaller."""
    return Markup(re.sub(r"\[[^\]]*\]", lambda found: f'<span class="range">{found[0]}</span>', str(escape(text))))


_ENVIRONMENT = Environment(
    loader=PackageLoader("tlgan_train.report", "templates"),
    autoescape=lambda name: name is not None and ".html" in name,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters |= {
    "number": number,
    "interval": interval,
    "percent": percent,
    "thousands": _thousands,
    "one_line": _one_line,
    "cell": _cell,
}
_ENVIRONMENT.globals["markdown_table"] = markdown_table
