"""Spellings of characters and emotions. Spellings that look alike to people are one name.

macOS may write é as two code points (e and an accent, the form NFD), while other systems write one (NFC). And people
write `Joy` here and `joy` there.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence


def composed(name: str) -> str:
    """Return the name in the form NFC, which all stored names have."""
    return unicodedata.normalize("NFC", name)


def name_key(name: str) -> str:
    """Return a key that is equal for spellings that differ only in case or Unicode form."""
    # Twice, because folding can take a character out of its normal form (Unicode, canonical caseless matching).
    return composed(composed(name).casefold())


def one_spelling(what: str, names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return each of N names in the spelling of its group (NFC), and a note for each group with several spellings.

    The most frequent spelling wins; among equally frequent ones, the first in alphabetical order.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    written: dict[str, set[str]] = defaultdict(set)
    for name, count in Counter(names).items():
        counts[name_key(name)][composed(name)] += count
        written[name_key(name)].add(name)
    chosen = {key: min(group, key=lambda name, group=group: (-group[name], name)) for key, group in counts.items()}
    notes = tuple(
        f"{what} {chosen[key]} is written in {len(spellings)} ways that differ in case or Unicode form only "
        f"({', '.join(map(ascii, sorted(spellings)))}); they are one {what}"
        for key, spellings in sorted(written.items())
        if len(spellings) > 1
    )
    return [chosen[name_key(name)] for name in names], notes
