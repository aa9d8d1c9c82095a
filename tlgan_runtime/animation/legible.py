"""Names of any script in the letters that a font has.

What most names in Latin letters do not need is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

RIGHT_TO_LEFT = ("R", "AL")
NOT_A_CHARACTER = "\U0010ffff"
"""In no font; draws the box that stands for a missing glyph."""


def legible(text: str, drawable: Callable[[str], bool]) -> str:
    """The text with every character that cannot be drawn in Latin letters instead: `喜悦` becomes `XiYue`.

    `drawable` says of a single character whether the font has it. Scripts that run from right to left are always put in
    Latin letters, because few drawing libraries order and join their letters.
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
    """The name in Pillow's own font, which is the same on every machine but has few letters beyond ASCII."""
    return legible(name, lambda character: _glyph(character) != _glyph(NOT_A_CHARACTER))


def _latin(character: str) -> str:
    from anyascii import anyascii

    return "".join(letter if letter.isprintable() else " " for letter in anyascii(character))


@lru_cache(maxsize=1024)
def _glyph(character: str) -> tuple[tuple[int, int], bytes]:
    from PIL import ImageFont

    mask = ImageFont.load_default(size=20).getmask(character)
    return mask.size, bytes(mask)
