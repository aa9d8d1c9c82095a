"""Still pictures of seeded faces: as they are, and before and after an edit."""

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
    picture.plan(2 * faces, size, columns=faces)
    z = editor.sample(faces, seed)
    before, after = editor.render(z), editor.render(editor.move(z, strengths, method, until=until, keep=keep))
    picture.save_png(path, picture.tile(np.concatenate([before, after]), size, columns=faces))
    return before, after
