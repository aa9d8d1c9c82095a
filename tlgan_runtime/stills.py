"""Still pictures of seeded faces: samples, edits and contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tlgan_runtime import transparency
from tlgan_runtime.animation import layout
from tlgan_runtime.animation.layout import MAX_COLUMNS, Pixels
from tlgan_runtime.animation.options import MAX_SIZE, MIN_SIZE
from tlgan_runtime.latent.vocabulary import Mix
from tlgan_runtime.transparency import AUTO, Background
from tlgan_runtime.validation import file_path, whole

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp


def save_sample(
    editor: CheerMeUp,
    path: str | PathLike[str],
    *,
    faces: int = 8,
    seed: int = 0,
    size: int = 256,
    background: Background = AUTO,
) -> None:
    """Write `faces` seeded faces of `size` pixels as .png, .webp or .jpg, on the background that `render` takes.

    Raises as `sample`, `render` and `save_still` do.
    """
    target, faces, size = _checked(path, faces, size, background)
    layout.plan(faces, size)
    layout.save_still(target, layout.tile(editor.render(editor.sample(faces, seed), background), size))


def save_edit(
    editor: CheerMeUp,
    path: str | PathLike[str],
    strengths: Mix,
    *,
    until: float | None = None,
    keep: Sequence[str] = (),
    faces: int = 4,
    seed: int = 0,
    size: int = 256,
    method: str | None = None,
    background: Background = AUTO,
) -> tuple[Pixels, Pixels]:
    """Write seeded faces in one row and the moved faces below them. Returns both, uint8 (N, H, W, 3) each.

    The file has the `background` that `render` takes. What is returned has that of the bundle.
    """
    target, faces, size = _checked(path, faces, size, background)
    layout.plan(2 * faces, size, columns=faces)
    z = editor.sample(faces, seed)
    both = np.concatenate([z, editor.move(z, strengths, method, until=until, keep=keep)])
    drawn = editor.render(both)
    shown = drawn if background == AUTO else editor.render(both, background)
    layout.save_still(target, layout.tile(shown, size, columns=faces))
    before, after = np.split(drawn, 2)
    return before, after


def save_grid(
    editor: CheerMeUp,
    path: str | PathLike[str],
    *,
    faces: int = 4,
    seed: int = 0,
    size: int = 128,
    method: str | None = None,
    background: Background = AUTO,
) -> list[str]:
    """Write a row for each seeded face: as it is, then at strength 1 of each emotion. Returns the column names."""
    names = ["start", *editor.emotions]
    target, faces, size = _checked(path, faces, size, background)
    layout.plan(faces * len(names), size, columns=len(names))
    z = editor.sample(faces, seed)
    columns = [z, *(editor.move(z, {emotion: 1.0}, method) for emotion in editor.emotions)]
    images = editor.render(np.stack(columns, axis=1).reshape(-1, editor.latent_dim), background)
    sheet = layout.tile(images, size, columns=len(names))
    layout.save_still(target, layout.label_columns(sheet, names, size))
    return names


def _checked(path: str | PathLike[str], faces: int, size: int, background: Background) -> tuple[Path, int, int]:
    """Check the arguments that all stills share. Raises `InputError` before anything is drawn."""
    target = file_path(path, layout.STILL_FORMATS)
    if transparency.background("background", background) is None:
        layout.check_transparency(target)
    return target, whole("the number of faces", faces, 1, MAX_COLUMNS**2), whole("size", size, MIN_SIZE, MAX_SIZE)
