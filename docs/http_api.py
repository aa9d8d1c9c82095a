"""The reference of operations and limits for docs/serving.md, from the code; `docs/fill.py` puts it there."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from signatures import documented

from tlgan_runtime.server.limits import Limits
from tlgan_runtime.server.operations import OPERATIONS, Operation
from tlgan_runtime.server.options import required

MIB = 2**20


def operations() -> str:
    """A section for each operation."""
    return "\n\n".join(_section(name, one) for name, one in OPERATIONS.items())


def limits() -> str:
    """A row for each limit."""
    values = {one.name: one.default for one in fields(Limits)}
    rows = [f"| `{name}` | {_shown(name, values[name])} | {about} |" for name, _, about in documented(Limits)]
    return "\n".join(["| limit | value | of what |", "|---|---|---|", *rows])


def _section(name: str, one: Operation) -> str:
    takes = "a picture, with options in the query" if one.of_picture else "a JSON object of options"
    lines = [
        f"### POST /v1/{name}",
        "",
        one.about,
        f"Takes {takes}. Gives {', '.join(f'`{kind}`' for kind in one.gives)}.",
    ]
    lines += ["", "| option | meaning | default |", "|---|---|---|"]
    for key, option in one.options.shared().items():
        default = "required" if key in required(one.options) else one.options.shown_default(key) or ""
        lines.append(f"| `{key}` | {option.about} | {default} |".replace("  |", " |"))
    return "\n".join(lines)


def _shown(name: str, value: Any) -> str:
    if name.endswith("_bytes"):
        return f"{value // MIB} MiB"
    return f"{value:g} s" if name.endswith("seconds") else f"{value:,}"
