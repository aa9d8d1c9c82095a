"""Options in the query of an address, as the JSON values that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import shown
from tlgan_runtime.option import Flag, Kind, Names, Options, Real, Whole
from tlgan_runtime.server.options import Box, Strengths
from tlgan_runtime.validation import one_of


def from_query(options: type[Options], pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return a JSON object for names and values, which are text. A name that holds several values is repeated.

    Raises `InputError` for unknown names, and for values that cannot be read.
    """
    kinds = {name: one.kind for name, one in options.shared().items()}
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(one_of("option", name, list(kinds)), []).append(value)
    return {name: _value(name, kinds[name], values) for name, values in given.items()}


def _value(name: str, kind: Kind, values: list[str]) -> Any:
    if isinstance(kind, Names):
        return values
    if isinstance(kind, Strengths):
        return _strengths(values)
    if len(values) > 1:
        raise InputError(f"{name} is given {len(values)} times; give it once")
    (text,) = values
    try:
        match kind:
            case Whole():
                return int(text)
            case Real():
                return float(text)
            case Box():
                return [float(part) for part in text.split(",")]
    except ValueError:
        wanted = {Whole: "a whole number", Real: "a number", Box: "left,top,width,height in pixels"}[type(kind)]
        raise InputError(f"{name} must be {wanted}, not {shown(text)}") from None
    if isinstance(kind, Flag):
        return one_of(name, text, ("true", "false")) == "true"
    return text


def _strengths(values: list[str]) -> dict[str, float]:
    mix: dict[str, float] = {}
    for text in values:
        name, _, strength = text.rpartition(":")
        try:
            number = float(strength)
        except ValueError:
            raise InputError(f"cannot read strengths={shown(text)}; write it as strengths=joy:0.8") from None
        if name in mix:
            raise InputError(f"strengths gives {shown(name)} twice; give it once")
        mix[name] = number
    return mix
