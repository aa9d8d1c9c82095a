"""Draws the figures on generator and classifier."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from tlgan_train.axes.samples import draw_faces
from tlgan_train.evaluation.learning_curve import read_grid
from tlgan_train.evaluation.metrics import percent
from tlgan_train.report import charts, face_rows
from tlgan_train.report.results import Results
from tlgan_train.report.text import number

CHECKPOINTS = 6
"""Most sample grids that are shown, evenly spaced on a logarithmic scale because most happens early."""
NEAREST_COLUMNS = 8
"""Samples side by side above their nearest training pictures."""
WIDEST_PICTURE = 1920
"""Pixels: twice the column, for screens with two pixels for each pixel of a page."""


def network_figures(results: Results) -> dict[str, bytes]:
    """PNG files by name."""
    config, quality = results.config.gan, results.evaluation.generator
    half = (config.real_target - config.fake_target) / 2
    chance = {"discriminator": 2 * half**2, "generator": (config.generator_target - config.fake_target - half) ** 2}
    chosen = spaced([images for images, _ in results.grids], CHECKPOINTS)
    over_training = np.stack([read_grid(results.grids[i][1])[0, :12] for i in chosen])
    labels = [f"{results.grids[i][0]:,}" for i in chosen]
    shares = {
        "emotion read by the judge": (quality.emotion_share, quality.emotion_share_of_data),
        "character read by the judge": (quality.character_share, quality.character_share_of_data),
    }
    test = results.classifier["test"]
    confusion = {
        f"{kind}, {percent(test[f'{kind}_accuracy'])} right": (names, test[f"{kind}_confusion"])
        for kind, names in (("emotion", results.dataset.emotions), ("character", results.dataset.characters))
        if len(names) > 1
    }
    figures = {
        "losses": charts.losses(results.losses, chance),
        "over_training": face_rows.face_rows(over_training, labels),
        "learning": charts.learning(results.learning, config.warmup_images),
        "shares": charts.shares(shares),
        "nearest": _nearest(results),
        "confusion": charts.confusion(confusion),
    }
    return {name: charts.png(figure) for name, figure in figures.items()} | {"samples": _native(results.grids[-1][1])}


def _nearest(results: Results) -> Figure:
    quality = results.evaluation.generator
    nearest = quality.nearest_training_pictures
    drawn = draw_faces(results.generator, results.latents(len(nearest), "evaluation samples"))
    distances = [number(distance) for distance in quality.nearest_distances]
    columns = min(NEAREST_COLUMNS, len(nearest))
    blocks = [slice(start, start + columns) for start in range(0, len(nearest) - columns + 1, columns)]
    rows = [pictures[block] for block in blocks for pictures in (drawn, results.dataset.images[nearest])]
    under = [names for block in blocks for names in ([], distances[block])]
    return face_rows.face_rows(np.stack(rows), ["sample", "nearest"] * len(blocks), under=under)


def spaced(values: list[int], count: int) -> list[int]:
    """Indices of at most `count` rising values: the first, the last, and others evenly spaced by logarithm."""
    wanted = np.geomspace(max(values[0], 1), max(values[-1], 1), min(count, len(values)))
    chosen: list[int] = []
    for place, value in enumerate(wanted):
        rest = len(wanted) - place
        pool = range(chosen[-1] + 1 if chosen else 0, len(values) - rest + 1)
        chosen.append(min(pool, key=lambda i: abs(np.log(max(values[i], 1)) - np.log(value))))
    return chosen


def _native(path: Path) -> bytes:
    """A picture as PNG bytes in its own pixels, shrunk if it is wider than `WIDEST_PICTURE`."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    picture.thumbnail((WIDEST_PICTURE, WIDEST_PICTURE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
