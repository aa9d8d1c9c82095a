"""What each operation does, without HTTP: the bytes of a body become the bytes of an answer."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import gettempdir
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlgan_runtime.animation.layout import Pixels, enlarge, tile
from tlgan_runtime.animation.options import MIN_SIZE, AnimationOptions, check_timeline
from tlgan_runtime.animation.video import FORMATS as VIDEO_FORMATS
from tlgan_runtime.animation.video import ffmpeg_for
from tlgan_runtime.bundle.manifest import parse_json
from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.errors import BundleDamagedError, InputError
from tlgan_runtime.files import unfinished
from tlgan_runtime.latent.sampling import check_latents
from tlgan_runtime.pictures.decode import WHITE, UnusablePictureError, opened
from tlgan_runtime.pictures.editor import checked_box
from tlgan_runtime.pictures.inversion import Inversion
from tlgan_runtime.pictures.view import View, around, view_of, whole
from tlgan_runtime.scene import Scene, plan_scene
from tlgan_runtime.server.limits import Limits
from tlgan_runtime.server.operations import ANIMATIONS, JSON, PNG, WEBP
from tlgan_runtime.server.options import (
    EditOptions,
    InvertOptions,
    MoveOptions,
    ReadOptions,
    RenderOptions,
    read_options,
)
from tlgan_runtime.transparency import colour, over
from tlgan_runtime.validation import array

# Somebody who drags a slider waits for each picture, so the quickest settings. Both formats lose nothing.
_QUICK: Mapping[str, dict[str, Any]] = {
    PNG: {"format": "PNG", "compress_level": 1},
    WEBP: {"format": "WEBP", "lossless": True, "method": 0},
}


class Answer(NamedTuple):
    """The body of an answer."""

    content: bytes
    media_type: str


class Ask(NamedTuple):
    """A request, as far as a drawing thread needs it."""

    options: Mapping[str, Any]
    """From the query; empty where options are in the body."""
    body: bytes
    media_type: str
    """What the answer must be."""
    check: Callable[[], None]
    """Raises where nobody waits for the answer any more. To be called between the parts of the work."""


class Actions:
    """The operations on one bundle. Threads may share it."""

    def __init__(self, editor: CheerMeUp, limits: Limits) -> None:
        self._editor = editor
        self._limits = limits

    def render(self, ask: Ask) -> Answer:
        """Draw faces. JSON has `pictures`, PNG in base64, and `latents`; other types are one picture of all faces."""
        asked = read_options(RenderOptions, _document(ask), self._limits)
        size = asked.size or min(max(self._editor.image_size, MIN_SIZE), self._limits.size)
        count = asked.faces or 1
        z = self._editor.sample(count, asked.seed or 0) if asked.latents is None else self._latents(asked.latents)
        self._limits.check_pixels(len(z), self._drawn(size))
        if asked.strengths is not None:
            z = self._editor.move(z, asked.strengths, asked.method, until=asked.until, keep=asked.keep)
        ask.check()
        faces = self._editor.render(z, asked.background)
        ask.check()
        if ask.media_type != JSON:
            return Answer(_encoded(tile(faces, size), ask.media_type), ask.media_type)
        pictures = [_base64(_encoded(enlarge(face, size), PNG)) for face in faces]
        return _json({"pictures": pictures, "media_type": PNG, "latents": _numbers(z)})

    def move(self, ask: Ask) -> Answer:
        """Move `latents`; JSON has them under the same name."""
        asked = read_options(MoveOptions, _document(ask), self._limits)
        z = self._latents(asked.latents)
        moved = self._editor.move(z, asked.strengths, asked.method, until=asked.until, keep=asked.keep)
        return _json({"latents": _numbers(moved)})

    def animate(self, ask: Ask) -> Answer:
        """Write an animation of seeded faces."""
        document, suffix = _document(ask), ANIMATIONS[ask.media_type]
        check_timeline(document)
        asked = read_options(AnimationOptions, document, self._limits, path=f"animation{suffix}")
        scene = plan_scene(asked, self._editor.vocabulary, self._editor.image_size)
        self._limits.check_pixels(scene.frames * scene.columns * asked.faces, self._drawn(asked.size))
        if suffix in VIDEO_FORMATS:
            self._limits.check_video(_seconds(scene, asked))
            ffmpeg_for(suffix)  # raises before anything is drawn
        with unfinished(Path(gettempdir()), directory=True) as folder:
            path = folder / f"animation{suffix}"
            self._editor.gif(path, **document, progress=lambda done, total: ask.check())
            return Answer(path.read_bytes(), ask.media_type)

    def edit(self, ask: Ask) -> Answer:
        """Edit a picture. JSON has `picture`, PNG in base64, and what `invert` says."""
        asked = read_options(EditOptions, ask.options, self._limits)
        view, found = self._found(ask, asked)
        ask.check()
        edited = self._editor.edit_picture(
            view, asked.strengths, asked.method,
            until=asked.until, keep=asked.keep, force=asked.force, found=found,
        )  # fmt: skip
        ask.check()
        if ask.media_type != JSON:
            return Answer(_encoded(edited, ask.media_type), ask.media_type)
        return _json({"picture": _base64(_encoded(edited, PNG)), "media_type": PNG, **_facts(found)})

    def invert(self, ask: Ask) -> Answer:
        """Find the face in a picture: its `latents`, its `box`, and how well it fits."""
        _, found = self._found(ask, read_options(InvertOptions, ask.options, self._limits))
        return _json(_facts(found))

    def read(self, ask: Ask) -> Answer:
        """Read the face in a picture: JSON has the probability of each `emotion` and `character`."""
        asked = read_options(ReadOptions, ask.options, self._limits)
        scores = self._editor.classify(self._face(self._view(ask), asked.box)[None])
        names = {"emotion": self._editor.emotions, "character": self._editor.characters}
        odds = {"emotion": scores.emotion[0].tolist(), "character": scores.character[0].tolist()}
        return _json({kind: dict(zip(names[kind], odds[kind], strict=True)) for kind in names})

    def _drawn(self, size: int) -> int:
        """Return the side of what is in memory for a face of `size` pixels."""
        return max(size, self._editor.image_size)

    def _found(self, ask: Ask, asked: InvertOptions) -> tuple[View, Inversion]:
        view = self._view(ask)
        return view, self._editor.invert(view, box=asked.box, refine=asked.refine)

    def _face(self, view: View, box: Sequence[float] | None) -> Pixels:
        """Return a face as the classifier takes it. One that has the size of drawn faces keeps its pixels."""
        manifest, size = self._editor.manifest, view.picture.size
        behind = colour("background", manifest.background) if manifest.channels == 4 else view.plain or WHITE
        if box is None and size == (manifest.image_size, manifest.image_size):
            pixels = np.asarray(view.picture)
            return over(pixels, behind) if view.clear else pixels
        place = whole(*size) if box is None else around(checked_box(box, view))
        return view.square(place, manifest.read_size, behind)

    def _view(self, ask: Ask) -> View:
        try:
            with opened(ask.body) as image:
                size = image.size
        except UnusablePictureError as error:
            raise InputError(f"cannot use the picture: {error}") from None
        self._limits.check_picture(*size)
        view = view_of(ask.body)
        ask.check()
        return view

    def _latents(self, given: Any) -> NDArray[np.float32]:
        z = array("latents", given)
        if z.dtype.kind == "i":  # JSON has one kind of number
            z = z.astype(np.float64)
        latents = check_latents(z, self._editor.latent_dim, "latents")
        self._limits.narrowed("faces", RenderOptions.options()["faces"].kind).check("the number of faces", len(latents))
        return latents


def _document(ask: Ask) -> dict[str, Any]:
    try:
        return parse_json(ask.body, "the body")
    except BundleDamagedError as error:
        raise InputError(str(error)) from None


def _seconds(scene: Scene, asked: AnimationOptions) -> float:
    """Return the time that all passes of an animation take, rather too long than too short."""
    course = scene.course
    once = scene.frames / asked.fps if course.seconds is None else sum(course.seconds)
    back = 2 if course.loop == "forth-and-back" else 1
    return (asked.repeat or 1) * (back * once + 2 * course.hold)


def _encoded(picture: Pixels, media_type: str) -> bytes:
    file = BytesIO()
    Image.fromarray(picture).save(file, **_QUICK[media_type])
    return file.getvalue()


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")


def _numbers(z: NDArray[np.float32]) -> list[list[float]]:
    """Return latents as JSON, with no more digits than float32 has."""
    return [[float(str(number)) for number in row] for row in z]


def _facts(found: Inversion) -> dict[str, Any]:
    return {"latents": _numbers(found.z), "box": list(map(float, found.box)), "fit": found.fit}


def _json(document: dict[str, Any]) -> Answer:
    return Answer(json.dumps(document, allow_nan=False).encode(), JSON)
