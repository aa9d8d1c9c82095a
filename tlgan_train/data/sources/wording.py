"""Text for messages: one short line that is safe to print."""

from __future__ import annotations

from collections.abc import Sequence

MOST_LETTERS = 120
MOST_NAMES = 3


def in_one_line(text: str) -> str:
    """Return the text without white space around it and without line breaks."""
    return " ".join(text.split())


def printable(text: str) -> str:
    """Replace everything that cannot be printed by `�`, such as control characters."""
    return "".join(mark if mark.isprintable() else "�" for mark in text)


def shortened(text: str) -> str:
    """Return the text as one line of printable letters, cut after 120."""
    text = printable(in_one_line(text))
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def some(names: Sequence[str]) -> str:
    """Return the first three names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(shortened, names[:MOST_NAMES])) + more


def counted(number: int, what: str) -> str:
    """`1 picture`, `2 pictures`."""
    return f"{number} {what}" + "s" * (number != 1)
