"""Names of emotions and characters as files and programs can hold them."""

from __future__ import annotations

import re
from collections.abc import Sequence


def plain_names(names: Sequence[str]) -> dict[str, str]:
    """Return for each name one of `a` to `z`, digits and `_`, which begins with a letter. All are different."""
    found: dict[str, str] = {}
    for name in names:
        plain = unique = _plain(name)
        number = 1
        while unique in found.values():
            number += 1
            unique = f"{plain}_{number}"
        found[name] = unique
    return found


def _plain(name: str) -> str:
    text = name
    if not text.isascii():
        from anyascii import anyascii  # imported here because most names are in Latin letters

        text = anyascii(text)
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"face_{plain}".rstrip("_")
