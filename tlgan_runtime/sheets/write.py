"""Write faces as the files that a program expects, each within its limits."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from tlgan_runtime.animation.options import MAX_FACES, AnimationOptions
from tlgan_runtime.errors import InputError
from tlgan_runtime.files import creating, replacing, reported, unfinished
from tlgan_runtime.messages import listed
from tlgan_runtime.sheets.cast import chosen, seeded_cast
from tlgan_runtime.sheets.recipes import Label, bundle_labels, program_labels, read_recipe
from tlgan_runtime.sheets.targets import TARGETS, Target
from tlgan_runtime.sheets.writers import WRITERS
from tlgan_runtime.transparency import AUTO, Background
from tlgan_runtime.validation import one_of, output_path, whole

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a .zip, so that equal files give an equal .zip."""


@dataclass(frozen=True)
class Sheet:
    """What was written."""

    path: Path
    """The folder, or the one file."""
    target: str
    character: str
    labels: dict[str, dict[str, float]]
    """The mix of emotions that each picture shows."""
    files: list[str]
    """Paths inside the folder or the file, with `/`."""
    bytes: int
    """Of all files together."""


def write_sheet(
    editor: CheerMeUp,
    target: str,
    path: str | PathLike[str] | None = None,
    *,
    character: str | None = None,
    seed: int = 0,
    emotions: str | None = None,
    variants: int = 1,
    recipe: object = None,
    background: Background = AUTO,
    matte: str = "white",
) -> Sheet:
    """Write seeded faces of a character for a program.

    Args:
        target: one of `TARGETS`.
        path: new folder, or file where the target is one; None for the name of the target. A folder whose name ends
            with .zip is packed.
        character: one that the bundle draws; None for the one whose face the seed draws.
        seed: which face.
        emotions: labels to write, such as `joy,fear`; None for all.
        variants: faces for each label, for programs that choose among several: `sillytavern`.
        recipe: object of JSON with labels of one's own, `{"smirk": {"joy": 0.4}}`, in the place of all others.
        background: that of `CheerMeUp.render`; `auto` is transparent where the bundle has transparency.
        matte: colour under the edges of a transparent GIF.

    Raises `InputError` for a name that is unknown, too few or too many labels for the target, and for pictures that do
    not get small enough; `OutputError` if the folder is there or writing fails. Nothing is then left behind. Warns of
    labels that cannot be shown honestly, and of faces in which the classifier reads another emotion.
    """
    target = one_of("target", target, list(TARGETS))
    form, seed = TARGETS[target], AnimationOptions.check("seed", seed)
    variants = whole("variants", variants, 1, MAX_FACES)
    if variants > 1 and target != "sillytavern":
        raise InputError(f"{target} has one picture for each label; only sillytavern takes variants")
    labels = chosen(_labels(editor, form, recipe), emotions)
    if len(labels) < form.least or len(labels) > (form.most or len(labels)):
        limits = f"{form.least} to {form.most}" if form.most else f"{form.least} or more"
        raise InputError(f"{target} takes {limits} labels, not {len(labels)}; choose them with emotions")
    behind: Background = None if background == AUTO and editor.manifest.channels == 4 else background
    cast = seeded_cast(
        editor, labels, character=character, seed=seed, variants=variants, background=behind, matte=matte
    )
    out = output_path(path or f"{target}{form.packed or ''}")
    packed = form.packed or (".zip" if out.suffix.lower() == ".zip" else None)
    if packed and out.suffix.lower() != packed:
        raise InputError(f"{target} is one file; give it a name that ends with {packed}, not {out}")
    with creating(out) if packed is None else _scratch(out) as folder:
        WRITERS[target](cast, form, folder)
        files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
        if packed:
            with replacing(out) as archive:
                _pack(folder, files, archive)
        size = sum((folder / name).stat().st_size for name in files)
    return Sheet(out, target, cast.name, {label.name: label.mix for label in labels}, files, size)


@contextmanager
def _scratch(out: Path) -> Iterator[Path]:
    """Give the block a folder for the content of a packed file."""
    with reported(out), unfinished(out.parent, directory=True) as folder:
        yield folder


def _labels(editor: CheerMeUp, form: Target, recipe: object) -> list[Label]:
    """Return the labels of a recipe, of a program, or of a bundle. Warns of those that are not what they say."""
    if recipe is not None:
        return read_recipe(recipe)
    if not form.labels:
        return bundle_labels(editor.emotions)
    labels, stand_ins, lacking = program_labels(editor.emotions)
    if stand_ins:
        warnings.warn(
            f"no mix of emotions shows {listed(stand_ins)}; their pictures show the nearest one (--recipe FILE has "
            "others)",
            UserWarning,
            stacklevel=3,
        )
    if lacking:
        warnings.warn(
            f"left out, since the bundle has no emotions for them: {listed(lacking)}", UserWarning, stacklevel=3
        )
    return labels


def _pack(folder: Path, files: Sequence[str], archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        for name in files:
            packed.writestr(zipfile.ZipInfo(name, _EARLIEST), (folder / name).read_bytes())
