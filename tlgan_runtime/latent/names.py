"""Names of emotions, characters and attributes: which ones commands, mixes and timelines can hold."""

from __future__ import annotations

import re
import unicodedata

START, CHARACTER, ALL = "start", "character", "all"
"""The face as it is in a timeline, the character in a list of things to keep, every emotion in `--emotion`."""
RESERVED = (ALL, CHARACTER, "random", START)
"""Words that mean something else where a name is expected."""
SEPARATORS = "+,:=@"
"""Between the names, strengths and times of mixes and timelines."""
_IN_PATHS = "/\\"
# Control characters, line and paragraph separators, and halves of characters that no text file can hold. Invisible
# joiners stay: words of several scripts need them.
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")


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
    if found := [character for character in name if unicodedata.category(character) in _UNPRINTABLE]:
        return f"it holds the control character U+{ord(found[0]):04X}"
    if found := [character for character in name if character in SEPARATORS]:
        return f"it holds {found[0]}, which separates names, strengths and times in mixes and timelines"
    if found := [character for character in name if character in _IN_PATHS]:
        return f"it holds {found[0]}, which separates folders in the names of files"
    return "it begins with -, as options of commands do" if name.startswith("-") else None


def without_flaw(name: str) -> str:
    """A name like this one that has no `flaw`."""
    kept = "".join(" " if unicodedata.category(character) in _UNPRINTABLE else character for character in name)
    kept = re.sub(rf"[{re.escape(SEPARATORS + _IN_PATHS)}]+", "_", kept).strip().lstrip("-").strip()
    if not kept:
        return "name-1"
    return f"{kept}-1" if kept in RESERVED else kept
