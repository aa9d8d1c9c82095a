"""Still pictures of seeded faces: as they are, before and after an edit, with every emotion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tlgan_runtime import picture
from tlgan_runtime.mix import Mix
from tlgan_runtime.picture import Pixels

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp


def save_sample(editor: CheerMeUp, path: Path, *, faces: int = 8, seed: int = 0, size: int = 256) -> None:
    """Writes `faces` seeded faces of `size` pixels as .png; raises as `sample` and `save_png` do."""
    picture.plan(faces, size)
    picture.save_png(path, picture.tile(editor.render(editor.sample(faces, seed)), size))


def save_edit(
    editor: CheerMeUp,
    path: Path,
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
    picture.plan(faces, size)
    picture.plan(2 * faces, size, columns=faces)
    z = editor.sample(faces, seed)
    before, after = editor.render(z), editor.render(editor.move(z, strengths, method, until=until, keep=keep))
    picture.save_png(path, picture.tile(np.concatenate([before, after]), size, columns=faces))
    return before, after


def save_grid(
    editor: CheerMeUp, path: Path, *, faces: int = 4, seed: int = 0, size: int = 128, method: str | None = None
) -> list[str]:
    """Writes a row of each seeded face: as it is, then at full strength of every emotion. Returns names of columns."""
    names = ["start", *editor.emotions]
    picture.plan(faces, size)
    picture.plan(faces * len(names), size, columns=len(names))
    z = editor.sample(faces, seed)
    columns = [z, *(editor.move(z, {emotion: 1.0}, method) for emotion in editor.emotions)]
    images = editor.render(np.stack(columns, axis=1).reshape(-1, editor.latent_dim))
    sheet = picture.tile(images, size, columns=len(names))
    picture.save_png(path, picture.label_columns(sheet, names, size))
    return names
