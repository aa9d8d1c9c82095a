"""Pictures in folders that are named after their labels, on disk or in a .zip."""

from __future__ import annotations

import os
from pathlib import Path

from tlgan_train.data.sources.archive import read_archive
from tlgan_train.data.sources.layout import LAYOUTS, labelled
from tlgan_train.data.sources.listing import ListedPicture, Listing
from tlgan_train.data.sources.tree import read_tree
from tlgan_train.errors import TrainError

FERG_EMOTIONS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")


def list_folder(root: Path, ferg: bool = False) -> Listing:
    """List every picture below a folder or in a .zip. With `ferg`, exactly the layout and the emotions of FERG-DB.

    Files without the suffix of a picture are ignored and counted in a note. Raises `TrainError` for a missing
    place, a layout without labels, an empty class, and with `ferg` for other emotions.
    """
    # os.path, because Path.is_dir raises for names that are too long.
    if os.path.isdir(root):  # noqa: PTH112
        root = root.resolve()
        tree = read_tree(root)
    elif os.path.isfile(root):  # noqa: PTH113
        root = root.resolve()
        tree = read_archive(root)
    else:
        raise TrainError(f"no folder {root}; it must hold {LAYOUTS}")
    pictures, notes = labelled(tree, root, ferg)
    if ferg:
        _check_ferg(pictures)
    return Listing(root, pictures, notes=notes)


def _check_ferg(pictures: tuple[ListedPicture, ...]) -> None:
    emotions: dict[str, set[str]] = {}
    for picture in pictures:
        emotions.setdefault(picture.character, set()).add(picture.emotion)
    for character, found in emotions.items():
        other, missing = sorted(found - set(FERG_EMOTIONS)), sorted(set(FERG_EMOTIONS) - found)
        if other or missing:
            what = (
                f"emotion {other[0]!r}, which FERG does not" if other else f"no emotion {missing[0]!r}, which FERG has"
            )
            raise TrainError(
                f"character {character} has {what}; with ferg: each character has exactly {', '.join(FERG_EMOTIONS)}; "
                "use folder: for other names"
            )
