"""How messages show what comes from outside: in one line, short, and without characters that a terminal acts on."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any

LONGEST = 400
"""Characters of a message, at most."""
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
    """`repr` of a value, cut in the middle where it is long; never fails."""
    return shorten(printable(_VALUES.repr(value)), _LONGEST_VALUE)


def listed(names: Iterable[str]) -> str:
    """Names with commas between them; of a long list the first ones and how many there are."""
    parts, length, total = [], 0, 0
    for name in names:
        total += 1
        length += len(name) + 2
        if length <= _LONGEST_LIST:
            parts.append(name)
    return ", ".join(parts if len(parts) == total else [*parts, f"… ({total} in all)"])


def one_line(text: str) -> str:
    """A message as it may be printed: see the head of this file."""
    return shorten(printable(shorten(text, 2 * LONGEST)), LONGEST)


def printable(text: str) -> str:
    """`text` in one line: white space becomes single spaces, and control characters are escaped."""
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    """`text` with escapes in place of what is not printable: `\\x1b` for the character that begins terminal codes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode() for c in text)


def shorten(text: str, longest: int) -> str:
    """`text`, or where it has more than `longest` characters its beginning and its end."""
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - 3]} … {text[-end:]}"
