"""Checks of single values. Each raises `InputError`, which names the values that are allowed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from numbers import Integral, Real
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import listed, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONGEST_TYPED = 1000  # nobody types a longer name, and comparing one takes time
STANDARD_OUTPUT = Path("-")
"""The path that stands for standard output."""


def whole(what: str, value: Any, low: int, high: int) -> int:
    """Return `value` as an int from `low` to `high`. Accepts numpy integers, but no booleans."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        raise InputError(f"{what} must be a whole number from {low} to {high}, not {shown(value)}")
    return int(value)


def real(what: str, value: Any, low: float, high: float) -> float:
    """Return `value` as a float from `low` to `high`. Refuses NaN, booleans and text."""
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an integer or a fraction may be larger than any float
            number = math.inf
    if not low <= number <= high:
        raise InputError(f"{what} must be a number from {low:g} to {high:g}, not {shown(value)}")
    return number


def array(what: str, value: Any) -> NDArray[Any]:
    """Return `value` as an array of any type and shape."""
    import numpy as np  # imported here because the command line needs no arrays

    try:
        return np.asarray(value)
    except (TypeError, ValueError, OverflowError, MemoryError) as error:
        raise InputError(f"{what} must be an array that fits into memory, not {shown(value)}") from error


def flag(what: str, value: Any) -> bool:
    """Return `value` if it is True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{what} must be True or False, not {shown(value)}")
    return value


def output_path(value: Any) -> Path:
    """Return `value` as the path of an output file, with any suffix."""
    try:
        path = Path(fspath(value))
    except TypeError:
        raise InputError(f"a file is named by a path, not {shown(value)}") from None
    if "\0" in str(path):
        raise InputError(f"the name of a file cannot hold a null character: {shown(str(path))}")
    return path


def file_path(value: Any, suffixes: Collection[str]) -> Path:
    """Return `value` as the path of an output file. It must end with one of `suffixes`, such as `.png`, or be `-`."""
    path = output_path(value)
    if path.suffix.lower() not in suffixes and path != STANDARD_OUTPUT:
        wanted = f"one of {', '.join(suffixes)}" if len(suffixes) > 1 else next(iter(suffixes))
        raise InputError(f"cannot tell the format of {path}: give it a name that ends with {wanted}")
    return path


def one_of(what: str, value: Any, known: Sequence[str]) -> str:
    """Return the name in `known` that equals `value`. The error lists the known names and suggests the nearest one."""
    if (name := known_name(value, known)) is not None:
        return name
    raise InputError(f"unknown {what} {shown(value)}{nearest(value, known)} ({what}s: {listed(known)})")


def known_name(value: Any, known: Sequence[str]) -> str | None:
    """Return the name in `known` that equals `value` in any Unicode form, or None."""
    if not isinstance(value, str):
        return None
    if value in known:
        return value
    from unicodedata import normalize  # imported here because most names match at once

    # macOS may write an accent as a separate code point.
    form = normalize("NFC", value[:_LONGEST_TYPED])
    return next((name for name in known if normalize("NFC", name) == form), None)


def nearest(value: Any, known: Iterable[str]) -> str:
    """Return the end of a message that suggests a similar name from `known`; empty if no name is similar."""
    from difflib import get_close_matches  # imported here because most names are right

    if not isinstance(value, str) or len(value) > _LONGEST_TYPED:
        return ""
    words = {_word(name): name for name in known}
    close = get_close_matches(_word(value), list(words), n=1)
    return f"; did you mean {words[close[0]]}?" if close else ""


def _word(name: str) -> str:
    """Return the part of a name to compare: without case, the dashes of an option, and the value after `=`."""
    return name.lower().lstrip("-").partition("=")[0]
