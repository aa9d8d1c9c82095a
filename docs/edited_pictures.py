"""Draws the pictures of docs/your-pictures.md: edits of faces of the test stream, which no bundle was trained on.

python docs/edited_pictures.py    # writes docs/pictures/own-*

The faces are drawn in their own sizes by the built-in characters, as somebody's pictures would be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tlgan_runtime import CheerMeUp, write_animation
from tlgan_train.data.toon import Face, draw, draw_sprite, sample_face

FOLDER = Path(__file__).with_name("pictures")
CHARACTER = "alba"
SIDE, BAND = 112, 18
"""Pixels: side of a picture in the documentation, height of a line of text."""
FRAMES = 32


def face(emotion: str, number: int) -> Face:
    """A face that no bundle was trained on."""
    return sample_face(CHARACTER, emotion, number, stream="test")


def every_emotion(app: CheerMeUp) -> Image.Image:
    """A sad and a neutral picture of 256 pixels, and their edits to every emotion."""
    rows = []
    for one in (face("sadness", 3), face("neutral", 1)):
        picture = draw(one, 256)
        found = app.invert(picture, refine=True)
        rows.append([picture, *(app.edit_picture(picture, {name: 1.0}, found=found) for name in app.emotions)])
    return strip(rows, ["picture", *app.emotions])


def sprite(app: CheerMeUp) -> Image.Image:
    """A sprite with alpha over three backgrounds, before and after."""
    picture = draw_sprite(face("anger", 2), 256)
    edited = app.edit_picture(picture, {"joy": 1.0}, refine=True)
    columns = [over(one, behind) for behind in ("black", "white", "magenta") for one in (picture, edited)]
    return strip([columns], ["before", "after"] * 3)


def corner(app: CheerMeUp) -> Image.Image:
    """A picture of 1000 pixels with the character in a corner, before and after."""
    picture = Image.new("RGB", (1000, 560), (238, 232, 220))
    small = Image.fromarray(draw_sprite(face("disgust", 4), 240))
    picture.paste(small, (700, 320), small)
    edited = app.edit_picture(picture, {"surprise": 1.0}, refine=True)
    half = [np.asarray(Image.fromarray(one).resize((500, 280))) for one in (np.asarray(picture), edited)]
    return Image.fromarray(np.concatenate(half, axis=1))


def turning(app: CheerMeUp, folder: Path) -> None:
    """An animation of a head that turns, as it is and cheered up."""
    still = face("neutral", 6)
    frames = []
    for turn in np.linspace(0, 2 * math.pi, FRAMES, endpoint=False):
        frames.append(draw(replace(still, yaw=12 * math.sin(turn), roll=4 * math.sin(2 * turn)), 160))
    cheered = app.edit_frames(frames, {"joy": 1.0})
    both = (np.stack(pair) for pair in zip(frames, cheered, strict=True))
    write_animation(folder / "own-turning.webp", both, size=160, columns=2, loop="forth", hold=0, fps=12)


def over(picture: np.ndarray, behind: str) -> np.ndarray:
    solid = Image.new("RGBA", (picture.shape[1], picture.shape[0]), behind)
    return np.asarray(Image.alpha_composite(solid, Image.fromarray(picture)).convert("RGB"))


def strip(rows: Sequence[Sequence[np.ndarray]], heads: Sequence[str]) -> Image.Image:
    """Pictures in rows and columns, with a head for each column."""
    page = Image.new("RGB", (len(heads) * SIDE, BAND + len(rows) * SIDE), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    for column, head in enumerate(heads):
        pen.text(((column + 0.5) * SIDE, BAND / 2), head, "black", font, "mm")
        for row, pictures in enumerate(rows):
            small = Image.fromarray(pictures[column]).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            page.paste(small, (column * SIDE, BAND + row * SIDE))
    return page


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    app = CheerMeUp(provider="cpu")
    for name, make in (("emotions", every_emotion), ("sprite", sprite), ("corner", corner)):
        make(app).save(folder / f"own-{name}.jpg", quality=85, optimize=True)
    turning(app, folder)


if __name__ == "__main__":
    main()
