"""Names of emotions, characters and attributes: which ones commands, mixes and timelines can hold."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

START, CHARACTER, ALL = "start", "character", "all"
"""The face as it is in a timeline, the character in a list of things to keep, every emotion in `--emotion`."""
RESERVED = (ALL, CHARACTER, "random", START)
"""Words that mean something else where a name is expected."""
SEPARATORS = "+,:=@"
"""Between the names, strengths and times of mixes and timelines."""
LONGEST = 200
"""Characters of a name that a bundle can hold."""
ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
"""Names that attributes may have, except for the `RESERVED` words."""
_IN_PATHS = "/\\"


def is_plain(text: Any, longest: int = LONGEST) -> bool:
    """Whether this is text of 1 to `longest` characters that can be shown anywhere: nothing that moves the cursor,
    breaks the line, turns the direction of writing or is half a character. Bundles hold no other names."""
    return (
        isinstance(text, str)
        and 0 < len(text) <= longest
        and ((text.isascii() and text.isprintable()) or not any(map(_is_control, text)))
    )


def flaw(name: str) -> str | None:
    """Why mixes, timelines, commands or files cannot hold a name; None where they can.

    Names may be in any script and may have spaces inside.
    """
    if not name.strip():
        return "it is empty"
    if name in RESERVED:
        return "that word has a meaning of its own in mixes, timelines and commands"
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
    """A name like this one that has no `flaw`."""
    kept = "".join(" " if _is_control(character) else character for character in name)
    kept = re.sub(rf"[{re.escape(SEPARATORS + _IN_PATHS)}]+", "_", kept).strip().lstrip("-").strip()[:LONGEST].strip()
    if not kept:
        return "name-1"
    return f"{kept}-1" if kept in RESERVED else kept


def _is_control(character: str) -> bool:
    # Joiners are of that category as well, and spell words of Persian and Hindi, and emoji.
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in "\u200c\u200d"
