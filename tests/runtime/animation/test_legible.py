"""Names in any script below animated faces: never the box that stands for a missing glyph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageDraw, ImageFont

from tests.scripts import NAMES
from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp
from tlgan_runtime.animation.caption import Caption
from tlgan_runtime.animation.legible import legible
from tlgan_runtime.stills import save_grid


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All text that is drawn; a character that the font draws as a box fails at once."""
    texts: list[str] = []
    text = ImageDraw.ImageDraw.text

    def checked(self: ImageDraw.ImageDraw, xy: Any, content: str, *rest: Any, font: Any, **more: Any) -> None:
        box = glyph(font, "\U0010ffff")
        assert not [character for character in content if glyph(font, character) == box]
        texts.append(content)
        text(self, xy, content, *rest, font=font, **more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", checked)
    return texts


def glyph(font: Any, character: str) -> tuple[Any, bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


def test_the_box_of_a_missing_glyph_is_known() -> None:
    font = ImageFont.load_default(size=20)
    assert glyph(font, "\U0010ffff") == glyph(font, "喜") != glyph(font, "a")


@pytest.mark.parametrize("name", NAMES)
def test_names_in_any_script_are_drawn(drawn: list[str], name: str) -> None:
    strengths = np.array([[0.5 + NAMES.index(name) / 100, 0.0]])  # each text is new: what was drawn before is kept
    caption = Caption((name, "joy"), strengths, labels=True, probabilities=np.array([[0.25, 0.75]]))
    (picture,) = caption.draw(128)
    assert (picture[:24, :40] < 128).any()
    written, *bars = drawn
    assert written == f"{bars[0]} {strengths[0, 0]:.2f}" and bars[0].isascii() and bars[1] == "joy"


def test_an_animation_has_them_all(drawn: list[str], tmp_path: Path) -> None:
    app = CheerMeUp(make_bundle(tmp_path / "bundle", emotions=NAMES, latent_dim=len(NAMES)))
    app.gif(tmp_path / "a.gif", NAMES[0], 3, faces=1, size=128, labels=True, bars=True)
    assert len(drawn) > len(NAMES)
    drawn.clear()
    save_grid(app, tmp_path / "a.png", faces=2, size=64)
    assert drawn[0] == "start" and len(drawn) == 1 + len(NAMES)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("żółć", "zolc"),
        ("喜悦", "XiYue"),
        ("радость", "radost'"),
        ("よろこび", "yorokobi"),
        ("😀 joy", ":grinning: joy"),
    ],
)
def test_what_no_font_has_is_put_in_latin_letters(name: str, shown: str) -> None:
    assert legible(name, str.isascii) == shown


def test_what_a_font_has_stays() -> None:
    assert legible("Łódź z\u0307", lambda character: True) == "Łódź ż"
    assert legible("فرح", lambda character: True) == "frh"  # from right to left
    assert legible("joy\n\x1b[0m\u202e", lambda character: True).isprintable()
    assert legible("\ue000", lambda character: False) == "U+E000"
