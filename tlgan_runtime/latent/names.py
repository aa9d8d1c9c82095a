"""Check which names of emotions, characters and attributes can be used in commands, mixes and timelines."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

START, CHARACTER, ALL = "start", "character", "all"
"""The face as it is in a timeline, the character in `keep`, and every emotion in `--emotion`."""
RESERVED = (ALL, CHARACTER, "random", START)
"""Words with another meaning where a name is expected."""
SEPARATORS = "+,:=@"
"""Separators between the names, strengths and times of mixes and timelines."""
LONGEST = 200
"""Largest number of characters of a name in a bundle."""
ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
"""Valid names of attributes, except for the `RESERVED` words."""
_IN_PATHS = "/\\"


def is_plain(text: Any, longest: int = LONGEST) -> bool:
    """Return whether this is text of 1 to `longest` characters that can be shown anywhere. Bundles hold no other names.

    Such text has no characters that move the cursor, break the line or change the direction of writing, and no half of
    a surrogate pair.
    """
    return (
        isinstance(text, str)
        and 0 < len(text) <= longest
        and ((text.isascii() and text.isprintable()) or not any(map(_is_control, text)))
    )


def flaw(name: str) -> str | None:
    """Return why a name cannot be used in mixes, timelines, commands or files, or None if it can.

    Names may be in any script, and may have spaces inside.
    """
    if not name.strip():
        return "it is empty"
    if name in RESERVED:
        return "that word has another meaning in mixes, timelines and commands"
    if name != name.strip():
        return "it begins or ends with white space"
    if found := list(filter(_is_control, name)):
        return f"it holds the control character U+{ord(found[0]):04X}"
    if not is_plain(name):
        return f"it has {len(name)} characters, and a bundle holds names of at most {LONGEST}"
    if found := [character for character in name if character in SEPARATORS]:
        return f"it holds {found[0]}, which separates names, strengths and times in mixes and timelines"
    if found := [character for character in name if character in _IN_PATHS]:
        return f"it holds {found[0]}, which separates folders in the names of files"
    return "it begins with -, as options of commands do" if name.startswith("-") else None


def without_flaw(name: str) -> str:
    """Return a similar name without a `flaw`."""
    kept = "".join(" " if _is_control(character) else character for character in name)
    kept = re.sub(rf"[{re.escape(SEPARATORS + _IN_PATHS)}]+", "_", kept).strip().lstrip("-").strip()[:LONGEST].strip()
    if not kept:
        return "name-1"
    return f"{kept}-1" if kept in RESERVED else kept


def _is_control(character: str) -> bool:
    # Joiners belong to these categories, too, but Persian, Hindi and emoji need them.
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in "\u200c\u200d"
