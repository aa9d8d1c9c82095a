"""Still pictures of seeded faces: as they are, before and after an edit, with every emotion."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tlgan_runtime.animation import layout
from tlgan_runtime.animation.layout import MAX_COLUMNS, Pixels
from tlgan_runtime.animation.options import MAX_SIZE, MIN_SIZE
from tlgan_runtime.latent.vocabulary import Mix
from tlgan_runtime.validation import file_path, whole

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp


def save_sample(
    editor: CheerMeUp, path: str | PathLike[str], *, faces: int = 8, seed: int = 0, size: int = 256
) -> None:
    """Writes `faces` seeded faces of `size` pixels as .png; raises as `sample` and `save_png` do."""
    target, faces, size = _checked(path, faces, size)
    layout.plan(faces, size)
    layout.save_png(target, layout.tile(editor.render(editor.sample(faces, seed)), size))


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
) -> tuple[Pixels, Pixels]:
    """Writes seeded faces above, and below them what `move` makes of them; returns both, (N, H, W, 3) each."""
    target, faces, size = _checked(path, faces, size)
    layout.plan(2 * faces, size, columns=faces)
    z = editor.sample(faces, seed)
    before, after = editor.render(z), editor.render(editor.move(z, strengths, method, until=until, keep=keep))
    layout.save_png(target, layout.tile(np.concatenate([before, after]), size, columns=faces))
    return before, after


def save_grid(
    editor: CheerMeUp,
    path: str | PathLike[str],
    *,
    faces: int = 4,
    seed: int = 0,
    size: int = 128,
    method: str | None = None,
) -> list[str]:
    """Writes a row of each seeded face: as it is, then at full strength of every emotion. Returns names of columns."""
    names = ["start", *editor.emotions]
    target, faces, size = _checked(path, faces, size)
    layout.plan(faces * len(names), size, columns=len(names))
    z = editor.sample(faces, seed)
    columns = [z, *(editor.move(z, {emotion: 1.0}, method) for emotion in editor.emotions)]
    images = editor.render(np.stack(columns, axis=1).reshape(-1, editor.latent_dim))
    sheet = layout.tile(images, size, columns=len(names))
    layout.save_png(target, layout.label_columns(sheet, names, size))
    return names


def _checked(path: str | PathLike[str], faces: int, size: int) -> tuple[Path, int, int]:
    """The arguments that all stills have; raises `InputError` before anything is drawn."""
    target = file_path(path, layout.STILL_FORMATS)
    return target, whole("the number of faces", faces, 1, MAX_COLUMNS**2), whole("size", size, MIN_SIZE, MAX_SIZE)
