"""The reference of commands and options for docs/cli.md, from the parsers; `docs/fill.py` puts it there."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

import typer

from tlgan_runtime.cli.arguments import command_names, command_parser
from tlgan_runtime.sheets.targets import TARGETS
from tlgan_train.cli import commands as training
from tlgan_train.cli.export import export_app

Row = tuple[str, str, str]
"""Option, meaning, default."""


def targets() -> str:
    """A row for each target of `cheermeup sheet`."""
    lines = ["| target | what is written | limits | described in |", "|---|---|---|---|"]
    for name, target in TARGETS.items():
        limits = []
        for form in target.formats:
            kept = [f"{form.size} px", form.suffix]
            kept += [f"{form.most_bytes // 1024} KiB"] if form.most_bytes else []
            kept += [f"{form.most_frames} frames"] if form.most_frames else []
            kept += [f"{form.most_seconds:g} s"] if form.most_seconds else []
            limits.append(", ".join(kept))
        if target.most:
            limits.append(f"{target.least} to {target.most} pictures")
        lines.append(f"| `{name}` | {target.about} | {'; '.join(limits)} | {target.source} |")
    return "\n".join(lines)


def cheermeup() -> str:
    """Every command of `cheermeup`."""
    return "\n\n".join(_argparse(command_parser(name)) for name in command_names())


def train() -> str:
    """`tlgan-train`, `tlgan-train attribute` and `tlgan-train encoder`."""
    stages = _click(training.train_app, "tlgan-train STAGE [options]")
    attribute = _click(
        training.attribute_app, "tlgan-train attribute NAME --labels FILE.csv (--run DIR | --bundle DIR)"
    )
    encoder = _click(training.encoder_app, "tlgan-train encoder --bundle PATH [--data SPEC]")
    return f"{stages}\n\n{attribute}\n\n{encoder}"


def export() -> str:
    """`tlgan-export`."""
    return _click(export_app, "tlgan-export RUN|BUNDLE (--out DIR | --triton DIR) [options]")


def _argparse(parser: ArgumentParser) -> str:
    rows = []
    for action in parser._actions:  # argparse has no public list
        if action.dest == "help":
            continue
        value = "" if action.nargs == 0 else action.metavar or "|".join(map(str, action.choices or [])) or action.dest
        help, default = re.fullmatch(r"(.*?)(?: \[(.+)\])?", action.help or "").groups("")
        rows.append((_names(action.option_strings, str(value)), help, default))
    return _section(parser.prog, parser.usage or "", parser.description or "", rows)


def _click(app: typer.Typer, usage: str) -> str:
    command = typer.main.get_command(app)
    rows = []
    for one in command.params:
        if one.name == "help":
            continue
        argument = one.param_type_name == "argument"
        flag = getattr(one, "is_flag", False)
        value = "" if flag else _value(one, argument)
        shown = getattr(one, "show_default", None)
        default = shown if isinstance(shown, str) else ""
        rows.append((_names([] if argument else one.opts, value), one.help or "", default))
    name = re.split(r" [A-Z(\[]", usage)[0]
    return _section(name, usage, " ".join((command.help or "").split()), rows)


def _value(parameter: Any, argument: bool) -> str:
    return str(parameter.metavar or (parameter.name if argument else parameter.type.name).upper())


def _names(options: Iterable[str], value: str) -> str:
    return " ".join(part for part in (", ".join(options), value) if part)


def _section(name: str, usage: str, about: str, rows: Iterable[Row]) -> str:
    lines = [f"### {name}", "", about, "", "```text", usage, "```", ""]
    lines += ["| option | meaning | default |", "|---|---|---|"]
    for option, meaning, default in rows:
        cells = (f"`{option}`", meaning, f"`{default}`" if re.fullmatch(r"[\w./-]+", default) else default)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
