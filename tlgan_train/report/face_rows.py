"""Draws rows of faces with names next to and above them, for samples and walks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from tlgan_runtime.animation.layout import enlarge
from tlgan_runtime.latent.motions import Motion
from tlgan_runtime.latent.moves import Way
from tlgan_train.axes.samples import draw_faces
from tlgan_train.models.dcgan import Generator
from tlgan_train.report.charts import DPI, WIDTH, readable

LARGEST = 144
"""Largest side of a face, pixels."""
GAP = 3
"""Pixels between faces."""
LINE = 22
"""Height of a line of text, pixels."""
MARGIN = 8
"""Pixels between a name and its faces."""


def walk_faces(generator: Generator, motion: Motion, z: np.ndarray, emotion: str, strengths: np.ndarray) -> np.ndarray:
    """Faces of latents (N, latent_dim) at K strengths along one axis, uint8 (N, K, S, S, 3)."""
    unit = np.eye(len(motion.names))[motion.names.index(emotion)]
    way = Way(z, motion, unit > 0)
    return draw_faces(generator, np.stack([way.at(strength * unit) for strength in strengths], axis=1))


def face_rows(
    faces: np.ndarray,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    under: Sequence[Sequence[str]] = (),
) -> Figure:
    """A figure of faces uint8 (R, C, S, S, 3), with names left of rows, above columns and under faces if given."""
    left = max(map(_text_width, rows)) + 2 * MARGIN if rows else 0
    top = LINE if columns else 0
    width = round(WIDTH * DPI)
    size = min(LARGEST, (width - left) // faces.shape[1] - GAP)
    lines = [LINE if row < len(under) and under[row] else 0 for row in range(len(faces))]
    tops = top + np.cumsum([0, *(size + GAP + line for line in lines)])
    height = int(tops[-1])
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    canvas = np.full((height, width, 3), 255, np.uint8)
    for row, column in np.ndindex(faces.shape[:2]):
        y, x = tops[row], left + column * (size + GAP)
        canvas[y : y + size, x : x + size] = enlarge(faces[row, column], size)
    # figimage copies pixel for pixel, where an axes would resample every face once more.
    figure.figimage(canvas)
    for row, name in enumerate(rows):
        middle = tops[row] + size / 2
        figure.text((left - MARGIN) / width, 1 - middle / height, name, ha="right", va="center")
    centres = [(left + column * (size + GAP) + size / 2) / width for column in range(faces.shape[1])]
    for x, name in zip(centres, columns, strict=False):
        figure.text(x, 1 - (top - 6) / height, name, ha="center")
    for row, names in enumerate(under):
        for x, name in zip(centres, names, strict=False):
            figure.text(x, 1 - (tops[row] + size + 17) / height, name, ha="center")
    return figure


def _text_width(text: str) -> int:
    """Width of a name in the font of the charts, pixels."""
    text = readable(text, FontProperties())
    points = TextPath((0, 0), text, size=rcParams["font.size"]).get_extents().width if text.strip() else 0
    return math.ceil(points * DPI / 72)
