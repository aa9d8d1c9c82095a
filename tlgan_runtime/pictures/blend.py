"""Puts the change of a drawn face into a picture. Where nothing changes, the picture keeps every bit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.pictures.view import Place

Levels = NDArray[np.float32]
FADE_IN = (8.0, 16.0)
"""Changes of the drawn face in levels: smaller ones are left out, larger ones count in full."""
REPLACE = (8.0, 20.0)
"""The same for what the drawing lacks. Where a face changes, the picture's own details belong to the face before. With
24 to 64, old brows and mouths showed through, and a judge read the wanted emotion in 72 % of the edits of a cast, where
it read it in 94 % of drawn faces that were moved."""
SEAM = 0.06
"""Width of the edge, as a share of the side, in which the change fades out where the picture goes on."""


def blended(picture: Pixels, place: Place, before: Pixels, after: Pixels) -> Pixels:
    """Return `picture`, uint8 (H, W, C), with the change from the drawn face `before` to `after`, (S, S, C) each.

    Where the change is small, it is added to the picture. Where it is large, the drawn face takes its place.
    """
    left, top = math.floor(place[0]), math.floor(place[1])
    right, bottom = math.ceil(place[0] + place[2]), math.ceil(place[1] + place[2])
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, picture.shape[1]), min(bottom, picture.shape[0])
    if x0 >= x1 or y0 >= y1:
        return picture.copy()
    window = (x0 - place[0], y0 - place[1], x1 - place[0], y1 - place[1])
    old, new = _premultiplied(before), _premultiplied(after)
    change = new - old
    strength: Levels = _spread(np.abs(change).max(axis=2))
    seam = _seam(place, picture.shape[1], picture.shape[0], len(before))
    fade, replaced = _ramp(strength, *FADE_IN) * seam, _ramp(strength, *REPLACE) * seam
    shown = _enlarged(fade, window, place[2], Image.Resampling.BILINEAR)
    taken = _enlarged(replaced, window, place[2], Image.Resampling.BILINEAR)
    own = _premultiplied(picture[y0:y1, x0:x1])
    added = np.stack([_enlarged(channel, window, place[2]) for channel in np.moveaxis(change, 2, 0)], axis=2)
    drawn = np.stack([_enlarged(channel, window, place[2]) for channel in np.moveaxis(old, 2, 0)], axis=2)
    mixed = own + shown[..., None] * added - taken[..., None] * (own - drawn)
    edited = picture.copy()
    touched = (shown > 0) | (taken > 0)
    if picture.shape[2] == 4:  # pixels that were clear and stay so keep the colour that nobody sees
        touched &= (own[..., 3] > 0) | (mixed[..., 3] > 0.5)
    edited[y0:y1, x0:x1][touched] = _straight(mixed)[touched]
    return edited


def _premultiplied(pixels: Pixels) -> Levels:
    """Return levels, in which colours of RGBA are multiplied by alpha."""
    levels = pixels.astype(np.float32)
    if levels.shape[2] == 4:
        levels[..., :3] *= levels[..., 3:] / 255
    return levels


def _straight(levels: Levels) -> Pixels:
    levels = levels.clip(0, 255)
    if levels.shape[2] == 4:
        levels[..., :3] = np.minimum(levels[..., :3] * (255 / np.maximum(levels[..., 3:], 1)), 255)
    pixels: Pixels = np.round(levels).astype(np.uint8)
    return pixels


def _ramp(values: Levels, low: float, high: float) -> Levels:
    """Return 0 below `low`, 1 above `high`, and a smooth step between."""
    share = ((values - low) / (high - low)).clip(0, 1)
    smooth: Levels = (share * share * (3 - 2 * share)).astype(np.float32)
    return smooth


def _spread(values: Levels) -> Levels:
    """Return the largest value within a pixel around each, so that a mask covers the edges of what changes."""
    padded = np.pad(values, 1)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    return np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def _seam(place: Place, width: int, height: int, size: int) -> Levels:
    """Return a mask (S, S) that is 1, and falls to 0 at those edges of the square beyond which the picture goes on."""
    away: Levels = ((np.arange(size) + 0.5) / size).astype(np.float32)
    ramp, back = _ramp(away, 0.0, SEAM), _ramp(1 - away, 0.0, SEAM)
    ones = np.ones(size, np.float32)
    inside = (place[0] > 0.5, place[0] + place[2] < width - 0.5, place[1] > 0.5, place[1] + place[2] < height - 0.5)
    across = (ramp if inside[0] else ones) * (back if inside[1] else ones)
    down = (ramp if inside[2] else ones) * (back if inside[3] else ones)
    return down[:, None] * across


def _enlarged(
    values: Levels,
    window: tuple[float, float, float, float],
    side: float,
    how: Image.Resampling = Image.Resampling.BICUBIC,
) -> Levels:
    """Return the part of a drawn square (S, S) that a window of the picture shows, in pixels of the picture.

    `window` is left, top, right and bottom within a square of `side` pixels, and may begin a little before it.
    """
    size, scale = len(values), len(values) / side
    edge = 2
    padded = Image.fromarray(np.pad(values, edge, mode="edge"))
    left, top, right, bottom = (min(max(value * scale + edge, 0.0), size + 2.0 * edge) for value in window)
    shape = (round(window[2] - window[0]), round(window[3] - window[1]))
    return np.asarray(padded.resize(shape, how, box=(left, top, right, bottom)), np.float32)
