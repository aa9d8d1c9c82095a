"""Chooses the square part of a picture that is not square.

A *box* encloses the figure: all pixels that are not transparent or, if the edges have one colour, that differ from that
colour. A *frame* is the square that is cut out around a box. It may reach beyond the picture. All pictures of one
character with the same size share one frame, around all their boxes. With separate frames, the head would jump from
picture to picture.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps

from tlgan_runtime.pictures.decode import Box, UnusablePictureError, content_box, opened
from tlgan_runtime.pictures.view import FAR
from tlgan_train.data.sources.archive import file_at
from tlgan_train.data.sources.workers import ordered_map

MARGIN = 1 / 16
"""Margin of a frame on each side, as a share of the side of the box, if the picture reaches that far."""
HEAD_AND_HAT = 0.4
"""Least side of the top square, as a share of a figure's height: in one that is narrower, a tall hat hides the chin."""
PICTURES_A_JOB = 64

Size = tuple[int, int]
Answer = TypeVar("Answer")


def frames(
    fit: str, root: Path, paths: Sequence[str], characters: Sequence[int]
) -> tuple[list[Box | None], tuple[str, ...]]:
    """Return the frame of each of N pictures (None is its middle square), and a note if pictures are far from square.

    `fit` is a value of `data.fit`. `characters` (N,) holds the number of the character in each picture. Unusable
    files have no frame.
    """
    sizes = _asked(_sizes, root, paths)
    far = [size for size in sizes if size is not None and max(size) > FAR * min(size)]
    if fit == "auto":
        tall = sum(height > width for width, height in far)
        fit = "top" if 2 * tall > len(paths) else "crop"
    if fit == "crop":
        return [None] * len(paths), _note(fit, far, len(paths), [1 - min(size) / max(size) for size in far])
    keys = list(zip(characters, sizes, strict=True))
    boxes: dict[tuple[int, Size | None], list[Box]] = defaultdict(list)
    for key, box in zip(keys, _asked(_boxes, root, paths), strict=True):
        if box is not None:
            boxes[key].append(box)
    unions = {key: _union(found) for key, found in boxes.items()}
    shared = {key: _frame(fit, box, key[1]) for key, box in unions.items() if key[1] is not None}
    cut = [_cut(unions[key], shared[key]) for key in keys if key in shared and key[1] in far]
    return [shared.get(key) for key in keys], _note(fit, far, len(paths), cut)


def _frame(fit: str, box: Box, size: Size) -> Box:
    """Return the top of a tall box or the middle of a wide one; with `pad`, all of it."""
    widths, heights = box[2] - box[0], box[3] - box[1]
    if fit == "pad":
        longest = max(widths, heights)
        side = max(longest, min(round(longest * (1 + 2 * MARGIN)), *size))
        above = (side - heights) // 2
    else:
        side = max(min(round(min(widths, heights) * (1 + 2 * MARGIN)), *size), round(heights * HEAD_AND_HAT))
        above = round(side * MARGIN)
    left = _within(box[0] - (side - widths) // 2, side, size[0])
    top = _within(box[1] - above, side, size[1])
    return left, top, left + side, top + side


def _within(start: int, side: int, length: int) -> int:
    """Move `start` so that `side` pixels from there lie in the picture, if it has that many."""
    return start if side > length else min(max(start, 0), length - side)


def _union(boxes: Sequence[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _cut(box: Box, frame: Box) -> float:
    """Return the share of the longer side of a box that lies outside of the frame."""
    return 1 - min(1, (frame[2] - frame[0]) / max(box[2] - box[0], box[3] - box[1]))


def _note(fit: str, far: Sequence[Size], count: int, cut: Sequence[float]) -> tuple[str, ...]:
    if not far:
        return ()
    (width, height), _ = Counter(far).most_common(1)[0]
    what = f"{len(far)} of {count} pictures are far from square (such as {width} × {height}): "
    share = f"{np.mean(cut) if cut else 0:.0%} of the longer side is cut off"
    return (
        what
        + {
            "crop": f"the middle square is used, {share}; --set data.fit=top uses the top, data.fit=pad all of it",
            "top": f"the top square of each figure is used, {share}; "
            "--set data.fit=pad uses all of it, data.fit=crop the middle of the picture",
            "pad": "they are padded with their background colour; "
            "--set data.fit=top uses the top square, where faces are larger",
        }[fit],
    )


def _asked(
    question: Callable[[tuple[Path, Sequence[str]]], list[Answer]], root: Path, paths: Sequence[str]
) -> list[Answer]:
    jobs = [(root, paths[start : start + PICTURES_A_JOB]) for start in range(0, len(paths), PICTURES_A_JOB)]
    return [answer for answers in ordered_map(question, jobs, len(paths)) for answer in answers]


def _sizes(job: tuple[Path, Sequence[str]]) -> list[Size | None]:
    return [_of_picture(_upright_size, job[0], path) for path in job[1]]


def _boxes(job: tuple[Path, Sequence[str]]) -> list[Box | None]:
    return [_of_picture(lambda image: content_box(ImageOps.exif_transpose(image)), job[0], path) for path in job[1]]


def _of_picture(answer: Callable[[Image.Image], Answer], root: Path, path: str) -> Answer | None:
    try:
        with file_at(root, path) as file, opened(file) as image:
            return answer(image)
    except UnusablePictureError:  # reading it will say why
        return None


def _upright_size(image: Image.Image) -> Size:
    # Where a square lies does not matter, and the orientation of a PNG is known only when all of it is decoded.
    return image.size if image.width == image.height else ImageOps.exif_transpose(image).size
