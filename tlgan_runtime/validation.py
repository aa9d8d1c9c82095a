"""Checks of single values that several modules share; each raises `InputError` with the values that are allowed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

from tlgan_runtime.errors import InputError


def whole(what: str, value: Any, low: int, high: int) -> int:
    """`value` as an int from `low` to `high`; numpy integers are whole numbers, booleans are not."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        raise InputError(f"{what} must be a whole number from {low} to {high}, not {value!r}")
    return int(value)


def real(what: str, value: Any, low: float, high: float) -> float:
    """`value` as a float from `low` to `high`; NaN never is."""
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= float(value) <= high:
        raise InputError(f"{what} must be a number from {low:g} to {high:g}, not {value!r}")
    return float(value)


def one_of(what: str, value: Any, known: Sequence[str]) -> str:
    """`value` if it is one of the `known` names; else the message lists them and suggests the nearest."""
    if isinstance(value, str) and value in known:
        return value
    raise InputError(f"unknown {what} {value!r}{nearest(value, known)} ({what}s: {', '.join(known)})")


def nearest(value: Any, known: Iterable[str]) -> str:
    """The end of a message that suggests one of the `known` names in place of `value`; empty where none is like it."""
    from difflib import get_close_matches  # only here: most names are right

    words = {_word(name): name for name in known}
    close = get_close_matches(_word(value), list(words), n=1)
    return f"; did you mean {words[close[0]]}?" if close else ""


def _word(value: Any) -> str:
    """What likeness is about: neither case, nor the dashes of an option, nor what is given to it."""
    return str(value).lower().lstrip("-").partition("=")[0]
