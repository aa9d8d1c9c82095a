"""Edits picture files, animations, videos and folders of pictures, and writes the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlgan_runtime.animation.layout import STILL_FORMATS, Pixels, check_transparency, save_still
from tlgan_runtime.animation.progress import Progress, reported
from tlgan_runtime.animation.video import FORMATS as VIDEO_FORMATS
from tlgan_runtime.animation.video import copy_video
from tlgan_runtime.animation.write import FORMATS, write_animation
from tlgan_runtime.errors import InputError
from tlgan_runtime.files import creating, replacing
from tlgan_runtime.latent.strengths import walk_strengths
from tlgan_runtime.pictures.decode import SUFFIXES
from tlgan_runtime.pictures.moving import Moving, is_moving, read_moving
from tlgan_runtime.pictures.view import View, view_of
from tlgan_runtime.validation import file_path

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp

STEPS = 30
"""Frames from a picture to its edit."""


@dataclass(frozen=True)
class Edit:
    """What is done to every picture; the fields are arguments of `CheerMeUp.edit_picture`."""

    strengths: dict[str, float]
    method: str | None = None
    until: float | None = None
    keep: Sequence[str] = ()
    boxes: Sequence[Sequence[float]] = ()
    """Where faces are. Of an animation, only one face is edited."""
    refine: bool = False
    force: bool = False

    def only_box(self) -> Sequence[float] | None:
        """Return the box of the only face; None if it is to be found. Raises `InputError` for several."""
        if len(self.boxes) > 1:
            raise InputError("an animation has one face that is edited; give one box, or edit a still picture")
        return self.boxes[0] if self.boxes else None

    def without(self, *names: str) -> dict[str, Any]:
        """Return the arguments except for some."""
        return {name: value for name, value in asdict(self).items() if name not in names}


def edit_file(
    editor: CheerMeUp, source: Path, target: Path, edit: Edit, progress: Progress | None = None
) -> dict[str, Any]:
    """Write the edit of a picture, an animation or a video. Returns what is worth knowing of it.

    A picture becomes a picture, or an animation from the picture to its edit, by the suffix of `target`. Nothing is
    written if anything fails.
    """
    if is_moving(source):
        return _edit_moving(editor, read_moving(source), target, edit, progress)
    if target.suffix.lower() in FORMATS and target.suffix.lower() not in STILL_FORMATS:
        return _edit_walk(editor, source, target, edit, progress)
    file_path(target, STILL_FORMATS)
    edited, faces = edit_still(editor, source, edit)
    save_still(target, edited)
    return {"path": str(target), "faces": faces}


def edit_still(editor: CheerMeUp, source: Path, edit: Edit) -> tuple[Pixels, list[dict[str, Any]]]:
    """Return a picture in which one face is edited, or one in each box; and where these are, and how well they fit."""
    picture: View | Pixels = view_of(source)
    faces = []
    for box in edit.boxes or (None,):
        found = editor.invert(picture, box=box, refine=edit.refine)
        picture = editor.edit_picture(picture, **edit.without("boxes", "refine"), found=found)
        faces.append({"fit": found.fit, "box": list(found.box)})
    assert not isinstance(picture, View)
    return picture, faces


def edit_folder(
    editor: CheerMeUp, source: Path, target: Path, edit: Edit, refused: Callable[[str, InputError], None]
) -> dict[str, dict[str, Any]]:
    """Write the edits of all pictures of a folder to a new folder, as PNG. Returns what is worth knowing, by file.

    `refused` is called for each picture that cannot be edited. Raises `InputError` if none can.
    """
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise InputError(f"{source} holds no pictures ({', '.join(SUFFIXES)})")
    stems = [file.stem for file in files]
    written: dict[str, dict[str, Any]] = {}
    with creating(target) as folder:
        for file in files:
            name = f"{file.stem if stems.count(file.stem) == 1 else file.name}.png"
            try:
                facts = edit_file(editor, file, folder / name, edit)
            except InputError as error:
                refused(file.name, error)
                continue
            written[file.name] = {**facts, "path": str(target / name)}
        if not written:
            raise InputError(f"none of the {len(files)} pictures in {source} could be edited")
    return written


def usual_suffix(source: Path) -> str:
    """Return the suffix of the edit of a file: stills lose nothing as .png, and animations stay what they are."""
    if not is_moving(source):
        return ".png"
    suffix = source.suffix.lower()
    return suffix if suffix in FORMATS else ".png" if suffix == ".apng" else ".mp4"


def _edit_walk(editor: CheerMeUp, source: Path, target: Path, edit: Edit, progress: Progress | None) -> dict[str, Any]:
    if edit.until is not None:
        raise InputError("an animation goes to a strength; give --strength in place of --until, or write a .png")
    view = view_of(source)
    found = editor.invert(view, box=edit.only_box(), refine=edit.refine)

    def frames() -> Iterator[Pixels]:
        for share in walk_strengths(STEPS, "smooth"):
            strengths = {name: float(share) * strength for name, strength in edit.strengths.items()}
            yield editor.edit_picture(view, strengths, **edit.without("strengths", "boxes", "refine"), found=found)

    shown = reported(frames(), STEPS, progress)
    written = write_animation(target, (frame[None] for frame in shown), size=None)
    return {"path": str(target), "faces": [{"fit": found.fit, "box": list(found.box)}], "frames": written.frames}


def _edit_moving(
    editor: CheerMeUp, moving: Moving, target: Path, edit: Edit, progress: Progress | None
) -> dict[str, Any]:
    if edit.refine:
        raise InputError("refine is for still pictures; leave it out for an animation or a video")
    suffix = file_path(target, FORMATS).suffix.lower()
    if moving.clear:
        check_transparency(target)
    edited = editor.edit_frames(moving.frames(), **edit.without("refine", "boxes"), box=edit.only_box())
    shown = reported(edited, moving.count, progress)
    if moving.seconds is None and suffix in VIDEO_FORMATS:
        with replacing(target) as temporary:
            count = copy_video(temporary, shown, moving.fps, moving.path if moving.sound else None)
        return {"path": str(target), "frames": count, "sound": moving.sound}
    loop = "once" if moving.plays == 1 else "forth"
    written = write_animation(
        target, (frame[None] for frame in shown), size=None, fps=moving.fps, seconds=moving.seconds, loop=loop, hold=0,
        repeat=moving.plays if moving.plays > 1 else None,
    )  # fmt: skip
    return {"path": str(target), "frames": written.frames, "sound": False}
