"""Draws the pictures of docs/editing.md, and of what is transparent, from the embedded bundles.

python docs/pictures.py    # writes docs/pictures/*.jpg and walk.webp

Seeds are fixed, so the faces are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tlgan_runtime import CheerMeUp

FOLDER = Path(__file__).with_name("pictures")
SIDE, BAND, MARGIN = 80, 18, 100
"""Pixels: side of a face, height of a line of text, width of the column of titles."""
LARGE = 144
"""Side of a face that shows its edges, pixels."""
WALKING, WALK_SIDE, WALK_SEED = 4, 112, 11
"""Faces of the animation in the README, their side in pixels, and their seed."""
BACKGROUNDS = ("black", "white", "magenta")
CLEARLY = 0.95


def strength(app: CheerMeUp) -> Image.Image:
    """A neutral and a joyful face at rising strengths of joy."""
    z = np.concatenate([faces(app, "neutral", 1), faces(app, "joy", 1)])
    steps = (-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5)
    columns = [app.move(z, {"joy": step}) for step in steps]
    return sheet(app, np.stack(columns, axis=1), [f"joy = {step:g}" for step in steps], ["neutral", "joyful"])


def until(app: CheerMeUp) -> Image.Image:
    """Faces moved to strength 1, and only as far as the classifier needs; the probability of joy below each."""
    starts = ("anger", "fear", "neutral", "sadness")
    z = np.concatenate([faces(app, name, 1) for name in starts])
    rows = [z, app.move(z, {"joy": 1}), app.move(z, {"joy": 1}, until=0.9)]
    return sheet(app, np.stack(rows), starts, ["before", "joy = 1", "until 0.9"], read="joy")


def keep(app: CheerMeUp) -> Image.Image:
    """Surprised faces become joyful, without and with their surprise; its probability below each."""
    z = faces(app, "surprise", 4)
    rows = [z, app.move(z, {"joy": 1}), app.move(z, {"joy": 1}, keep=["surprise"])]
    return sheet(app, np.stack(rows), [""] * 4, ["before", "joy = 1", "keep surprise"], read="surprise")


def methods(app: CheerMeUp) -> Image.Image:
    """The same faces surprised by each method; the probability of surprise below each."""
    z = faces(app, "neutral", 2)
    columns = [z, *(app.move(z, {"surprise": 1}, method=name) for name in app.methods)]
    return sheet(app, np.stack(columns, axis=1), ["before", *app.methods], [""] * 2, read="surprise")


def backgrounds(app: CheerMeUp) -> Image.Image:
    """A face with every emotion over black, white and a loud colour."""
    z = faces(app, "neutral", 1)
    moved = np.concatenate([app.move(z, {name: 1}) for name in app.emotions])
    rows = [np.concatenate(list(app.render(moved, background=colour)), axis=1) for colour in BACKGROUNDS]
    page = Image.fromarray(np.concatenate(rows))
    return page.resize((len(moved) * LARGE, len(rows) * LARGE), Image.Resampling.LANCZOS)


def faces(app: CheerMeUp, emotion: str, count: int) -> np.ndarray:
    """Latents of the first faces of seed 0 that clearly show an emotion."""
    z = app.sample(256, seed=0)
    shown = app.classify(app.render(z)).emotion[:, app.emotions.index(emotion)] > CLEARLY
    return z[shown][:count]


def sheet(
    app: CheerMeUp, z: np.ndarray, heads: Sequence[str], titles: Sequence[str], read: str | None = None
) -> Image.Image:
    """Faces of latents (rows, columns, latent_dim) with a title for each row and a head for each column.

    `read` names an emotion whose probability is written below each face.
    """
    rows, columns = z.shape[:2]
    pictures = app.render(z.reshape(rows * columns, -1))
    shown = None if read is None else app.classify(pictures).emotion[:, app.emotions.index(read)]
    left = MARGIN if any(titles) else 0
    height = SIDE + (0 if shown is None else BAND)
    page = Image.new("RGB", (left + columns * SIDE, BAND + rows * height), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    for column, head in enumerate(heads):
        draw.text((left + (column + 0.5) * SIDE, BAND / 2), head, "black", font, "mm")
    for row, title in enumerate(titles):
        draw.multiline_text((4, BAND + row * height + SIDE / 2 - 8), title, "black", font)
    for index, picture in enumerate(pictures):
        x, y = left + index % columns * SIDE, BAND + index // columns * height
        page.paste(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC), (x, y))
        if shown is not None:
            draw.text((x + SIDE / 2, y + SIDE + BAND / 2), f"{shown[index]:.2f}", "black", font, "mm")
    return page


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    app = CheerMeUp(provider="cpu")
    for make in (strength, until, keep, methods, backgrounds):
        make(app).save(folder / f"{make.__name__}.jpg", quality=80, optimize=True)
    cast = CheerMeUp("cast", provider="cpu")
    cast.gif(folder / "walk.webp", emotion="joy", faces=WALKING, seed=WALK_SEED, size=WALK_SIDE, background=None)


if __name__ == "__main__":
    main()
