"""Text in any script, written with the letters that a font has.

Modules that most names in Latin letters do not need are imported where they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

RIGHT_TO_LEFT = ("R", "AL")
NOT_A_CHARACTER = "\U0010ffff"
"""A code point that no font has. It draws the box for a missing glyph."""


def legible(text: str, drawable: Callable[[str], bool]) -> str:
    """Replace characters that cannot be drawn by Latin letters: `喜悦` becomes `XiYue`.

    `drawable` reports whether the font has a character. Scripts that run from right to left are always written in Latin
    letters, because few drawing libraries order and join their letters.
    """
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import bidirectional, normalize

    shown = "".join(
        character
        if character.isprintable() and bidirectional(character) not in RIGHT_TO_LEFT and drawable(character)
        else _latin(character)
        for character in normalize("NFC", text)
    )
    return shown if shown.strip() else " ".join(f"U+{ord(character):04X}" for character in text)


@lru_cache(maxsize=256)
def caption_text(name: str) -> str:
    """Return the name as Pillow's own font can write it. That font is the same everywhere but has few other letters."""
    return legible(name, lambda character: _glyph(character) != _glyph(NOT_A_CHARACTER))


def _latin(character: str) -> str:
    from anyascii import anyascii

    return "".join(letter if letter.isprintable() else " " for letter in anyascii(character))


@lru_cache(maxsize=1024)
def _glyph(character: str) -> tuple[tuple[int, int], bytes]:
    from PIL import ImageFont

    mask = ImageFont.load_default(size=20).getmask(character)
    return mask.size, bytes(mask)
