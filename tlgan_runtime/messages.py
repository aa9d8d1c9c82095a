"""Text for messages: one line, short, and without characters that control a terminal."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any

LONGEST = 400
"""Largest number of characters in a message."""
_LONGEST_VALUE = 80
_LONGEST_LIST = 200
_JOINERS = "\u200c\u200d"  # Persian, Indic scripts and emoji need them; terminals only draw them


class _Values(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxdict, self.maxlist, self.maxtuple, self.maxset = 2, 4, 4, 4, 4
        self.maxstring = self.maxother = _LONGEST_VALUE

    def repr_int(self, value: int, level: int) -> str:
        # Python refuses to write out integers of more than 4,300 digits, which would take it very long.
        digits = int(value.bit_length() * 0.30103) + 1
        return repr(value) if digits < _LONGEST_VALUE else f"a number of about {digits} digits"


_VALUES = _Values()


def shown(value: Any) -> str:
    """Return the `repr` of a value, with the middle cut out if it is long. Never fails."""
    return shorten(printable(_VALUES.repr(value)), _LONGEST_VALUE)


def listed(names: Iterable[str]) -> str:
    """Join names with commas. A long list is cut, and its length is added."""
    parts, length, total = [], 0, 0
    for name in names:
        total += 1
        length += len(name) + 2
        if length <= _LONGEST_LIST:
            parts.append(name)
    return ", ".join(parts if len(parts) == total else [*parts, f"… ({total} in all)"])


def one_line(text: str) -> str:
    """Return a message as one short line that is safe to print."""
    return shorten(printable(shorten(text, 2 * LONGEST)), LONGEST)


def printable(text: str) -> str:
    """Return `text` as one line: white space becomes single spaces, and control characters are escaped."""
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    """Replace characters that cannot be printed by escapes, such as `\\x1b` for the start of a terminal code."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode() for c in text)


def shorten(text: str, longest: int) -> str:
    """Return `text`; if it has more than `longest` characters, only its beginning and its end."""
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - 3]} … {text[-end:]}"
