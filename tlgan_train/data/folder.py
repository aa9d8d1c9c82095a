"""The layout of FERG-DB: `ROOT/<character>/<character>_<emotion>/<character>_<emotion>_<n>.png`.

Labels come from the folder names: the character's folder says where its name ends, so both names may contain
underscores, spaces and each other. Frames are in the order of their numbers (9 before 10). Loose files in ROOT and in
the characters' folders, and what operating systems leave behind, are none of the layout's business.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tlgan_train.data.listing import ListedPicture, Listing
from tlgan_train.errors import TrainError

FERG_EMOTIONS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
LAYOUT = "ROOT/<character>/<character>_<emotion>/<character>_<emotion>_<n>.png"
LITTER = ("__MACOSX", "Thumbs.db", "desktop.ini")


def list_folder(root: Path, ferg: bool = False) -> Listing:
    """Every file of the layout below `root`; with `ferg`, exactly FERG's seven emotions for every character.

    Raises `TrainError` for a missing folder, another layout, a class without files, and with `ferg` other emotions.
    """
    if not root.is_dir():
        raise TrainError(f"no folder {root}; it must hold {LAYOUT}")
    root = root.resolve()
    pictures: list[ListedPicture] = []
    for character in _entries(root):
        if character.is_dir():
            emotions = _character(character, pictures)
            if ferg and emotions != set(FERG_EMOTIONS):
                raise TrainError(_ferg_mismatch(character.name, emotions))
    if not pictures:
        raise TrainError(f"no pictures in {root}; it must hold {LAYOUT}")
    return Listing(root, tuple(pictures))


def _character(folder: os.DirEntry[str], pictures: list[ListedPicture]) -> set[str]:
    """Adds a character's pictures and returns its emotions."""
    prefix = f"{folder.name}_"
    emotions = set()
    for entry in _entries(folder.path):
        if not entry.is_dir():
            continue
        emotion = entry.name.removeprefix(prefix)
        if not entry.name.startswith(prefix) or not emotion:
            raise TrainError(
                f"folder {entry.path} does not fit: below {folder.name} it must be named {prefix}<emotion>; "
                f"the layout is {LAYOUT}"
            )
        emotions.add(emotion)
        _frames(entry, folder.name, emotion, pictures)
    if not emotions:
        raise TrainError(f"folder {folder.path} has no emotion folders, such as {prefix}joy; the layout is {LAYOUT}")
    return emotions


def _frames(folder: os.DirEntry[str], character: str, emotion: str, pictures: list[ListedPicture]) -> None:
    entries = _entries(folder.path)
    if not entries:
        raise TrainError(f"folder {folder.path} is empty; put pictures of {emotion} there, or remove it")
    for entry in sorted(entries, key=lambda entry: frame_key(entry.name)):
        if entry.is_dir():
            raise TrainError(f"folder {entry.path} is one too deep; the layout is {LAYOUT}")
        path = f"{character}/{folder.name}/{entry.name}"
        try:
            status = entry.stat()
            pictures.append(ListedPicture(path, character, emotion, status.st_size, status.st_mtime_ns))
        except OSError:  # a link to nothing: reading it will say so
            pictures.append(ListedPicture(path, character, emotion, -1, -1))


def frame_key(name: str) -> list[str | int]:
    """A sort key in which the numbers of a file name compare as numbers."""
    # re.split alternates text and digits, so that equal places always hold equal types.
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    """What is in a folder, by name, without hidden entries and litter."""
    try:
        with os.scandir(folder) as entries:
            kept = [entry for entry in entries if not entry.name.startswith(".") and entry.name not in LITTER]
    except OSError as error:
        raise TrainError(f"cannot list {folder}: {error.strerror}") from None
    return sorted(kept, key=lambda entry: entry.name)


def _ferg_mismatch(character: str, emotions: set[str]) -> str:
    other = sorted(emotions - set(FERG_EMOTIONS))
    missing = sorted(set(FERG_EMOTIONS) - emotions)
    what = f"emotion {other[0]!r}, which FERG does not" if other else f"no emotion {missing[0]!r}, which FERG has"
    return (
        f"character {character} has {what}; with ferg: each character has exactly {', '.join(FERG_EMOTIONS)}; "
        "use folder: for other names"
    )
