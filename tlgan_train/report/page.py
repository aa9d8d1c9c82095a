"""A self-contained HTML page of sections, tables and numbered figures."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDEST_PICTURE = 1920
"""Pixels: twice the column, for screens that have two pixels where a page counts one."""
CSS = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #1c1c1c; font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto,
  "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 992px; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .75rem; }
h2 { font-size: 1.25rem; margin: 3rem 0 .75rem; padding-top: .75rem; border-top: 1px solid #d9d9d9; }
p { max-width: 44rem; margin: .75rem 0; }
a { color: #00568f; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: 0; padding: 0; list-style: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: 1rem 0; font-size: .93rem; }
dt { color: #595959; }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1.75rem 0; }
figcaption { max-width: 44rem; margin-top: .5rem; font-size: .9rem; color: #404040; }
.scroll { overflow-x: auto; }
.scroll img { display: block; width: 100%; min-width: 768px; height: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem .9rem .22rem 0; text-align: left; vertical-align: top; white-space: nowrap; }
td:last-child { white-space: normal; min-width: 8rem; }
thead th { border-bottom: 1px solid #8c8c8c; font-weight: 600; white-space: normal; vertical-align: bottom; }
tbody th { font-weight: 600; background: #fff; position: sticky; left: 0; }
tbody { border-bottom: 1px solid #e3e3e3; }
.prose th, .prose td { white-space: normal; min-width: 5.5rem; font-weight: 400; }
.prose thead th { font-weight: 600; }
.prose tbody tr { border-bottom: 1px solid #efefef; }
figcaption ul { margin: .4rem 0 0; padding-left: 1.1rem; }
.warnings { border-left: .3rem solid #b3261e; padding: .1rem 1rem; margin: 1rem 0; background: #fdf1f0; }
.range { color: #6b6b6b; font-size: .85em; }
@media (max-width: 40rem) {
  h1 { font-size: 1.4rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
"""


@dataclass
class Page:
    """Collects sections from top to bottom; `html` is the finished page."""

    title: str
    pictures: dict[str, bytes] = field(default_factory=dict)
    """PNG files by name, in the order of the figures."""
    _sections: dict[str, str] = field(default_factory=dict)
    _body: list[str] = field(default_factory=list)
    _tables: int = 0

    def section(self, anchor: str, title: str) -> None:
        self._sections[anchor] = title
        self._body.append(f'<h2 id="{escape(anchor)}">{escape(title)}</h2>')

    def text(self, words: str) -> None:
        self._body.append(f"<p>{escape(words)}</p>")

    def warnings(self, heading: str, lines: Sequence[str]) -> None:
        """A list that is to be seen first."""
        rows = "".join(f"<li>{escape(line)}</li>" for line in lines)
        self._body.append(f'<div class="warnings"><p><b>{escape(heading)}</b></p><ul>{rows}</ul></div>')

    def facts(self, facts: dict[str, str]) -> None:
        pairs = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
        self._body.append(f"<dl>{pairs}</dl>")

    def table(self, heads: list[str], rows: list[list[str]], caption: str, group: int = 0, prose: bool = False) -> None:
        """A table whose first column names the row.

        With `group`, every so many rows share their first cell; with `prose`, cells hold sentences and wrap.
        """
        self._tables += 1
        size = group or len(rows)
        bodies = []
        for start in range(0, len(rows), size):
            lines = []
            for index, (name, *cells) in enumerate(rows[start : start + size]):
                span = f' rowspan="{group}"' if group else ""
                head = "" if group and index else f'<th scope="row"{span}>{escape(name)}</th>'
                lines.append(f"<tr>{head}{''.join(f'<td>{_cell(cell)}</td>' for cell in cells)}</tr>")
            bodies.append(f"<tbody>{''.join(lines)}</tbody>")
        style = ' class="prose"' if prose else ""
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
        self._body.append(
            f'<figure><div class="scroll" tabindex="0"><table{style}><thead><tr>{head}</tr></thead>{"".join(bodies)}'
            f"</table></div><figcaption><b>Table {self._tables}.</b> {escape(caption)}</figcaption></figure>"
        )

    def picture(
        self,
        name: str,
        png: bytes,
        paper: Sequence[int],
        caption: str,
        remarks: Sequence[tuple[str, str]] = (),
    ) -> None:
        """A numbered figure with remarks below it, each with a verdict.

        `paper` holds the numbers of the paper's figures that show the same, if any do.
        """
        self.pictures[name] = png
        most = ", ".join(map(str, paper[:-1]))
        shown = f"the paper’s {most}{' and ' if most else ''}{paper[-1]}" if paper else "not in the paper"
        numbers = f"Figure {len(self.pictures)} ({shown})."
        told = "".join(f"<li>{escape(text)} <b>{escape(verdict)}</b></li>" for text, verdict in remarks)
        data = base64.b64encode(png).decode("ascii")
        self._body.append(
            f'<figure id="figure-{escape(name)}"><div class="scroll" tabindex="0">'
            f'<img src="data:image/png;base64,{data}" alt="{escape(caption)}"></div>'
            f"<figcaption><b>{numbers}</b> {escape(caption)}{f'<ul>{told}</ul>' if told else ''}</figcaption></figure>"
        )

    def html(self) -> str:
        links = "".join(f'<li><a href="#{escape(a)}">{escape(title)}</a></li>' for a, title in self._sections.items())
        body = "\n".join(self._body)
        return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(self.title)}</title>
<style>{CSS}</style>
</head>
<body>
<main>
<h1>{escape(self.title)}</h1>
<nav aria-label="Sections"><ul>{links}</ul></nav>
{body}
</main>
</body>
</html>
"""


def number(value: float | None, digits: int = 2) -> str:
    """A dash for a figure that does not exist."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def interval(figure: dict[str, float | None]) -> str:
    """A mean with its interval in brackets; a dash where there was nothing to measure."""
    if figure["value"] is None:
        return "–"
    return f"{number(figure['value'])} [{number(figure['low'])}, {number(figure['high'])}]"


def _cell(text: str) -> str:
    """Escaped, with intervals in brackets set smaller."""
    return re.sub(r"\[[^\]]*\]", lambda found: f'<span class="range">{found[0]}</span>', escape(text))
