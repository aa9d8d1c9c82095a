"""Rows of faces with names beside and above them: what the report shows of samples and of walks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from PIL import Image

from tlgan_runtime.axes import AxisSet
from tlgan_runtime.latent import move
from tlgan_runtime.picture import enlarge
from tlgan_train.figures import DPI, WIDTH
from tlgan_train.gan import GRID
from tlgan_train.models.dcgan import Generator, to_uint8

LARGEST = 120
"""Largest side of a face, pixels."""
GAP = 3
"""Pixels between faces."""
LINE = 22
"""Pixels that a line of text takes."""
MARGIN = 8
"""Pixels between a name and its faces."""


@torch.inference_mode()
def draw_faces(generator: Generator, z: np.ndarray) -> np.ndarray:
    """uint8 (..., S, S, 3) faces of latents (..., latent_dim)."""
    device = next(generator.parameters()).device
    flat = torch.from_numpy(np.ascontiguousarray(z.reshape(-1, z.shape[-1]))).to(device)
    faces = np.concatenate([to_uint8(generator(chunk)).cpu().numpy() for chunk in flat.split(128)])
    return faces.reshape(*z.shape[:-1], *faces.shape[1:])


def walk_faces(generator: Generator, axes: AxisSet, z: np.ndarray, emotion: str, strengths: np.ndarray) -> np.ndarray:
    """uint8 (N, K, S, S, 3): the faces of latents (N, latent_dim) at K strengths along one axis."""
    unit = np.eye(len(axes.emotions))[axes.emotions.index(emotion)]
    return draw_faces(generator, np.stack([move(z, axes, strength * unit) for strength in strengths], axis=1))


def read_grid(path: Path) -> np.ndarray:
    """uint8 (rows, columns, S, S, 3): the faces of a sample grid that training wrote."""
    with Image.open(path) as image:
        picture = np.asarray(image.convert("RGB"))
    size = picture.shape[0] // GRID[0]
    return picture.reshape(GRID[0], size, GRID[1], size, 3).swapaxes(1, 2)


def face_rows(faces: np.ndarray, rows: Sequence[str] = (), columns: Sequence[str] = ()) -> Figure:
    """A figure of faces (R, C, S, S, 3) with a name left of each row and above each column, where given."""
    left = max(map(_text_width, rows)) + 2 * MARGIN if rows else 0
    top = LINE if columns else 0
    width = round(WIDTH * DPI)
    size = min(LARGEST, (width - left) // faces.shape[1] - GAP)
    height = top + faces.shape[0] * (size + GAP)
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    canvas = np.full((height, width, 3), 255, np.uint8)
    for (row, column), place in _places(faces, size, left, top):
        canvas[place] = enlarge(faces[row, column], size)
    # figimage copies pixel for pixel, where an axes would resample every face once more.
    figure.figimage(canvas)
    for row, name in enumerate(rows):
        middle = top + row * (size + GAP) + size / 2
        figure.text((left - MARGIN) / width, 1 - middle / height, name, ha="right", va="center")
    for column, name in enumerate(columns):
        middle = left + column * (size + GAP) + size / 2
        figure.text(middle / width, 1 - (top - 6) / height, name, ha="center", va="baseline")
    return figure


def _text_width(text: str) -> int:
    """Pixels that a name takes in the font of the charts."""
    points = TextPath((0, 0), text, size=rcParams["font.size"]).get_extents().width if text.strip() else 0
    return math.ceil(points * DPI / 72)


def _places(faces: np.ndarray, size: int, left: int, top: int) -> Iterator[tuple[tuple[int, int], tuple[slice, slice]]]:
    for row, column in np.ndindex(faces.shape[:2]):
        y, x = top + row * (size + GAP), left + column * (size + GAP)
        yield (row, column), (slice(y, y + size), slice(x, x + size))
