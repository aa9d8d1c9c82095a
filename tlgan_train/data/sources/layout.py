"""Finds out which folders are characters and which are emotions.

The depth that holds the most pictures decides: pictures in `ROOT/x/y/` are of character x and emotion y, pictures in
`ROOT/x/` show emotion x and one character, named after ROOT. If every y is called x_y, as in FERG-DB, the emotion is
the part after x_. If ROOT holds only one folder with a data set, that folder is read.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tlgan_runtime.pictures.decode import SUFFIXES
from tlgan_train.data.sources.listing import ListedPicture
from tlgan_train.data.sources.spelling import name_key
from tlgan_train.data.sources.tree import File, Folder, ignored, kinds
from tlgan_train.data.sources.wording import counted, printable, shortened, some
from tlgan_train.errors import TrainError

FERG = "character/character_emotion/picture"
CHARACTERS = "character/emotion/picture"
EMOTIONS = "emotion/picture"
LAYOUTS = (
    "<character>/<emotion>/<picture>, <character>/<character>_<emotion>/<picture> or, for one character, "
    "<emotion>/<picture>"
)
PARTS = frozenset(("train", "training", "val", "valid", "validation", "dev", "test", "testing"))


def labelled(tree: Folder, root: Path, ferg: bool = False) -> tuple[tuple[ListedPicture, ...], tuple[str, ...]]:
    """List every picture with its labels, in frame order within each class, and notes for people.

    `root` is the place of the tree. With `ferg`, only the layout of FERG-DB is accepted. If the folders do not give the
    labels, raises `TrainError`, which says what was found and what would be right.
    """
    top = _top(tree, root)
    depth = _class_depth(top)
    if depth == 0:
        raise TrainError(_no_folders(top, root))
    if depth > 2:
        raise TrainError(_too_high(top, root))
    _check_depths(top, root, depth)
    layout, classes = _classes(top, root, depth)
    if ferg and layout != FERG:
        raise TrainError(f"{root} holds {layout}, and ferg: takes {FERG} only; use folder:{root}")
    pictures = tuple(
        ListedPicture(file.path, character, emotion, file.size, file.stamp)
        for character, emotion, folder in classes
        for file in sorted(folder.pictures, key=_frame)
    )
    characters = {name_key(character) for character, _, _ in classes}
    emotions = {name_key(emotion) for _, emotion, _ in classes}
    told = (
        f"read as {layout}{f' in {top.path}' if top.path else ''}: {counted(len(characters), 'character')}, "
        f"{counted(len(emotions), 'emotion')}, {counted(len(pictures), 'picture')}"
    )
    if layout == EMOTIONS:
        told += f"; the character is called {classes[0][0]}, as the {'archive' if root.is_file() else 'folder'} is"
    return pictures, (told, *_left_out(tree, classes), *ignored(tree))


def frame_key(name: str) -> list[str | int]:
    """Return a sort key that compares numbers in file names as numbers."""
    # re.split alternates text and digits, so that equal places always hold equal types.
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _frame(file: File) -> tuple[list[str | int], str]:
    name = file.path.rpartition("/")[2]
    return frame_key(name), name


def _top(tree: Folder, root: Path) -> Folder:
    """Return the folder that holds the data set: the root, or the only folder in it with pictures."""
    if not tree.holds_pictures():
        others = sum((folder.others for folder in tree.walk()), Counter[str]())
        found = f" (only {kinds(others)})" if others else ""
        raise TrainError(
            f"no pictures in {root}{found}; it must hold {LAYOUTS}, and pictures end in {', '.join(SUFFIXES)}"
        )
    top = tree
    while _class_depth(top) > 2 and len(inner := _with_pictures(top)) == 1:
        top = inner[0]
    return top


def _class_depth(top: Folder) -> int:
    """Return the depth below `top` that holds the most pictures."""
    counts = _depths(top)
    return max(counts, key=lambda depth: (counts[depth], depth))


def _depths(top: Folder) -> Counter[int]:
    """Return the pictures by their depth below `top`."""
    counts = Counter[int]()
    for folder in top.walk():
        counts[folder.depth - top.depth] += len(folder.pictures)
    return counts


def _with_pictures(folder: Folder) -> list[Folder]:
    return [inner for _, inner in sorted(folder.folders.items()) if inner.holds_pictures()]


def _classes(top: Folder, root: Path, depth: int) -> tuple[str, list[tuple[str, str, Folder]]]:
    """Return the layout, and the character, emotion and folder of each class."""
    name = top.name or (root.stem if root.is_file() else root.name)
    parents = [(name, top)] if depth == 1 else [(folder.name, folder) for folder in _with_pictures(top)]
    found = [(character, folder) for character, parent in parents for folder in _with_pictures(parent)]
    after = [_after(character, folder.name) for character, folder in found]
    if all(after):
        return FERG, [(who, what, folder) for (who, folder), what in zip(found, after, strict=True) if what]
    if depth == 1:
        return EMOTIONS, [(character, folder.name, folder) for character, folder in found]
    if any(after):
        one = next(folder for (_, folder), what in zip(found, after, strict=True) if what)
        other = next(folder for (_, folder), what in zip(found, after, strict=True) if not what)
        raise TrainError(
            f"{_place(root, one)} fits {FERG}, but {_place(root, other)} fits {CHARACTERS}; name all in one way: start "
            "every name of an emotion's folder with that of the character, or none"
        )
    names = [character for character, _ in parents]
    if {character.lower() for character in names} <= PARTS:
        raise TrainError(
            f"{_place(root, top)} is cut into {some(names)}, which are no characters; training, validation and test "
            f"pictures are chosen here, so {_choose(root, parents[0][1])}"
        )
    return CHARACTERS, [(character, folder.name, folder) for character, folder in found]


def _after(character: str, name: str) -> str:
    """Return the part of a folder's name after `<character>_`, in any case and Unicode form, else an empty string."""
    start = name_key(f"{character}_")
    ends = (end for end, mark in enumerate(name, start=1) if mark == "_" and name_key(name[:end]) == start)
    return name[next(ends, len(name)) :]


def _check_depths(top: Folder, root: Path, depth: int) -> None:
    """Raise `TrainError` for pictures that lie too deep, and for mixed or empty folders."""
    counts = _depths(top)
    for folder in top.walk():
        below = folder.depth - top.depth
        if below > depth and folder.pictures:
            raise TrainError(
                f"folder {_place(root, folder)} is too deep: {counted(counts[depth], 'picture')} lie "
                f"{counted(depth, 'folder')} below {_place(root, top)}, and "
                f"{sum(counts[d] for d in counts if d > depth)} deeper; move those up or away"
            )
        if below == depth and not (folder.pictures or folder.folders or folder.others):
            raise TrainError(
                f"folder {_place(root, folder)} is empty; put pictures of {folder.name} there, or remove it"
            )
        if depth == 2 and below == 1 and folder.pictures and not any(f.pictures for f in folder.folders.values()):
            raise TrainError(
                f"folder {_place(root, folder)} has no emotion folders; sort its pictures into some, such as "
                f"joy, or move it away; other pictures here are in {CHARACTERS}"
            )


def _left_out(tree: Folder, classes: list[tuple[str, str, Folder]]) -> list[str]:
    used = {folder.path for _, _, folder in classes}
    loose = [file.path for folder in tree.walk() if folder.path not in used for file in folder.pictures]
    holders = [folder for folder in tree.walk() if folder.holds_pictures()]
    bare = [inner.path for folder in holders for inner in folder.folders.values() if not inner.holds_pictures()]
    notes = []
    if loose:
        notes.append(f"ignored {counted(len(loose), 'picture')} outside of the emotions' folders: {some(loose)}")
    if bare:
        bare.sort()
        notes.append(f"no pictures in {counted(len(bare), 'folder')}: {some(bare)}")
    return notes


def _no_folders(top: Folder, root: Path) -> str:
    # The name of a folder of FERG's says how its parent is called.
    up = root.parent.parent if _after(root.parent.name, root.name) else root.parent
    where = "" if root.is_file() else f"; did you mean folder:{up}?"
    return f"{_place(root, top)} holds pictures, but no folders that say what they show: it must hold {LAYOUTS}{where}"


def _too_high(top: Folder, root: Path) -> str:
    inner = _with_pictures(top)
    largest = max(inner, key=lambda folder: sum(len(below.pictures) for below in folder.walk()))
    example = next(file.path for folder in top.walk() if folder.depth - top.depth > 2 for file in folder.pictures)
    return (
        f"{_place(root, top)} holds {counted(len(inner), 'folder')} ({some([folder.name for folder in inner])}) with "
        f"folders in folders, such as {shortened(example)}; it must hold {LAYOUTS}: {_choose(root, largest)}"
    )


def _choose(root: Path, folder: Folder) -> str:
    if root.is_file():
        return f"pack one of them alone, such as {printable(folder.path)}"
    return f"name one of them, such as folder:{_place(root, folder)}"


def _place(root: Path, folder: Folder) -> str:
    return printable(f"{root}/{folder.path}" if folder.path else str(root))
