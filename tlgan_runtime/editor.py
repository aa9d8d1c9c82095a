"""`CheerMeUp`: faces of a bundle, drawn, read, moved and animated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlgan_runtime.animation.caption import MIN_CAPTION_SIZE, Caption, caption_height
from tlgan_runtime.animation.layout import MAX_SIZE, MIN_SIZE, Pixels, plan
from tlgan_runtime.animation.write import (
    FORMATS,
    LOOPS,
    MAX_FPS,
    MAX_HOLD,
    MIN_FPS,
    Animation,
    check_timing,
    write_animation,
)
from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.bundle.manifest import Manifest
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.errors import InputError
from tlgan_runtime.graphs.bundle_graphs import open_graphs
from tlgan_runtime.graphs.end_finders import usable_axes
from tlgan_runtime.graphs.session import MICRO_BATCH, Engine
from tlgan_runtime.latent import sampling
from tlgan_runtime.latent.keep import check_keep
from tlgan_runtime.latent.moves import Move
from tlgan_runtime.latent.strengths import EASINGS, timeline_course, timeline_strengths, walk_course, walk_strengths
from tlgan_runtime.latent.timeline import Keyframes
from tlgan_runtime.latent.vocabulary import Mix, Vocabulary
from tlgan_runtime.validation import file_path, flag, one_of, real, whole

Latents = NDArray[np.float32]

MAX_FACES = 1_000_000
MAX_STEPS = 10_000
MAX_ANIMATION_PIXELS = 500_000_000
"""Of all frames together: their colours are chosen from all of them, so they are kept until all are there."""


class Scores(NamedTuple):
    """What the classifier sees: probabilities, rows sum to 1."""

    emotion: NDArray[np.float32]
    """(N, E), columns in the order of `CheerMeUp.emotions`."""
    character: NDArray[np.float32]
    """(N, C), columns in the order of `CheerMeUp.characters`."""


class CheerMeUp:
    """Steps VI to IX of the paper on an exported bundle.

    `bundle` is a folder, a .zip, or the name of an embedded bundle (None: the default one). `provider` is `auto`,
    `cpu` or `cuda`; `threads` None uses the CPUs that this process may run on; `precision` `int8` draws with the
    bundle's quick generator, if it has one, nearly the same faces (docs/speed.md). Manifest, axes and generator are
    verified here; the graphs start at their first use. Threads may share an instance; pickled, it travels as path and
    options and is built again where it arrives, so use the `spawn` method with `multiprocessing`.

    Raises `BundleError`s, or `InputError` for a wrong option.
    """

    def __init__(
        self,
        bundle: str | PathLike[str] | None = None,
        *,
        provider: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
    ) -> None:
        self._options: dict[str, Any] = {"provider": provider, "threads": threads, "precision": precision}
        self._engine = Engine(provider, threads)
        self._bundle = Bundle(find_bundle(bundle))
        self._axes = usable_axes(self._bundle, self._engine)
        characters = self._axes.characters
        self._vocabulary = Vocabulary(
            self.manifest.emotions,
            () if characters is None else characters.names,
            tuple(attribute.name for attribute in self._axes.attributes),
        )
        self._mapping, self._generator, self._classifier = open_graphs(self._bundle, self._engine, precision)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._bundle.path, self._options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._bundle.path)!r}, provider={self._options['provider']!r})"

    @property
    def manifest(self) -> Manifest:
        """Everything that the bundle says about itself."""
        return self._bundle.manifest

    @property
    def path(self) -> Path:
        """The folder or .zip in use."""
        return self._bundle.path

    @property
    def emotions(self) -> list[str]:
        """Names that `move`, `walk` and `gif` take, in the order of the classifier's output."""
        return list(self.manifest.emotions)

    @property
    def characters(self) -> list[str]:
        """Those that the classifier knows, in the order of its output."""
        return list(self.manifest.characters)

    @property
    def drawn_characters(self) -> list[str]:
        """Those that the generator was trained to draw."""
        return list(self.manifest.drawn_characters)

    @property
    def attributes(self) -> list[str]:
        """What was added to the finished model, which `move`, `walk` and `gif` take as well."""
        return list(self._vocabulary.attributes)

    @property
    def methods(self) -> list[str]:
        """Methods whose axes the bundle holds, the default one first."""
        return sorted(self._axes.methods, key=lambda name: (name != self._axes.default, name))

    @property
    def latent_dim(self) -> int:
        return self.manifest.latent_dim

    @property
    def image_size(self) -> int:
        """Side of the square pictures, pixels."""
        return self.manifest.image_size

    @property
    def providers(self) -> list[str]:
        """Execution providers really in use, most preferred first; starts the generator to find out."""
        return self._generator.providers

    def sample(self, n: int, seed: int = 0) -> Latents:
        """(n, latent_dim) latents of faces. The same on every machine, and face i does not depend on n.

        They are draws from N(0, I), taken to the generator's own latents by the bundle's mapping if it has one.
        """
        count = whole("the number of faces", n, 1, MAX_FACES)
        z = sampling.sample(count, self.latent_dim, whole("seed", seed, 0, 2**64 - 1))
        return z if self._mapping is None else self._mapping.run(z)["latent"]

    def render(self, z: ArrayLike) -> Pixels:
        """The faces of `z`, (N, latent_dim) floats from -1000 to 1000 -> uint8 (N, H, W, 3), RGB.

        Latents are in standard deviations of the prior (`latent.MAX_LATENT`); far beyond 6, faces fall apart.
        """
        return self._generator.run(self._check_latents(z))["image"]

    def classify(self, images: ArrayLike) -> Scores:
        """What emotion and character the classifier sees in `images`, uint8 (N, H, W, 3)."""
        try:
            array = np.asarray(images)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"images are not an array: {error}") from error
        shape = (self.image_size, self.image_size, 3)
        if array.dtype != np.uint8 or array.ndim != 4 or array.shape[1:] != shape or len(array) == 0:
            raise InputError(f"images must be uint8 (N, {', '.join(map(str, shape))}), not {array.dtype} {array.shape}")
        return Scores(**self._classifier.run(array))

    def move(
        self,
        z: ArrayLike,
        strengths: Mix,
        method: str | None = None,
        *,
        until: float | None = None,
        keep: Sequence[str] = (),
    ) -> Latents:
        """`z` moved along a mix of emotions, (N, latent_dim) -> the same shape.

        Where the bundle draws several characters, a mix may name these, too: a face becomes another's, whatever it
        feels. It may name `attributes`; negative strengths lead to faces without them. Strength 0 is no effect and
        returns `z` bit for bit, 1 is the full effect of that emotion (`max_strength`), negative is away from it.
        `method` names the axes, None the bundle's default.

        With `until`, a probability, each face goes only as far towards `strengths`, in steps of a sixteenth, as it
        takes the classifier to see the emotions of positive strength with that probability together (and the
        characters, if there are such); a face that never gets there stops where it comes nearest.

        `keep` names emotions and attributes to hold, and `character`: what of the way leads along their axes is left
        out, with no regard to the norm. The method `path` looks for ends that keep these emotions, too,
        where the bundle says that it can; the way away from an emotion has no ends, so it is held along the axes.

        A small change of a strength is a small move, through 0 as well. There are two exceptions by design. With
        `until` a face may stop a step earlier or later. And a strength above 0 asks for something that 0 does not:
        that `until` waits for the emotion, and that `keep` does not name it.
        """
        start, mix = self._check_latents(z), self._vocabulary.strengths(strengths)
        move = self._prepared(start, mix, method, keep)
        if until is None:
            return move.at(mix)
        until = real("until", until, 0.0, 1.0)
        wanted = mix[: len(self._vocabulary.emotions + self._vocabulary.characters)] > 0
        if not wanted.any():
            raise InputError("until needs an emotion with a strength above 0, whose probability is to be reached")
        return move.until(mix, until, lambda moved: self._seen(moved, wanted))

    def walk(
        self,
        z: ArrayLike,
        emotion: str | Mix,
        steps: int = 30,
        method: str | None = None,
        *,
        easing: str = "linear",
        keep: Sequence[str] = (),
    ) -> Iterator[Pixels]:
        """`steps` frames of the faces of `z` on their way from strength 0 to 1, uint8 (N, H, W, 3) each.

        `emotion` is a name, or a mix whose strengths are those of the last frame. `easing` is `linear` (even steps) or
        `smooth` (small ones at the ends); `keep` is that of `move`. Arguments are checked at the call; frames are
        rendered as they are taken.
        """
        start = self._check_latents(z)
        strengths = self._vocabulary.strengths({emotion: 1.0} if isinstance(emotion, str) else emotion)
        easing = one_of("easing", easing, EASINGS)
        shares = walk_strengths(whole("steps", steps, 2, MAX_STEPS), easing)
        course = np.multiply.outer(shares, strengths[None])
        return self._frames(self._prepared(start, course, method, keep), len(start), course)

    def timeline(
        self,
        z: ArrayLike,
        timeline: str | Keyframes,
        fps: float = 15,
        method: str | None = None,
        *,
        easing: str = "smooth",
        keep: Sequence[str] = (),
    ) -> Iterator[Pixels]:
        """Frames of the faces of `z` through mixes at given times, uint8 (N, H, W, 3) each.

        `timeline` is text, `"neutral, joy:0.8@1s, joy:0.5+surprise:0.5@2s, neutral@3s"`, where an emotion without a
        number has strength 1 and `start` is the face as it is; or pairs of seconds and mix, `[(0, {}), (1, {"joy":
        0.8})]`. Times rise from 0. Each keyframe is a frame; the frames between two are evenly spaced in time, at most
        `fps` a second, and strengths go from one to the other as `easing` says; `keep` is that of `move`. Checked at
        the call, as `walk` is.
        """
        start = self._check_latents(z)
        times, keys = self._vocabulary.keyframes(timeline)
        rate = min(real("fps", fps, MIN_FPS, 1000), MAX_FPS)
        easing = one_of("easing", easing, EASINGS)
        _, strengths = timeline_strengths(times, keys, rate, easing)
        return self._frames(self._prepared(start, keys, method, keep), len(start), strengths[:, None])

    def gif(
        self,
        path: str | PathLike[str],
        emotion: str | Mix | Sequence[str | Mix] = "joy",
        steps: int = 30,
        faces: int = 8,
        seed: int = 0,
        fps: float = 15,
        size: int = 256,
        *,
        timeline: str | Keyframes | None = None,
        easing: str | None = None,
        loop: str | None = None,
        hold: float | None = None,
        repeat: int | None = None,
        labels: bool = False,
        bars: bool = False,
        keep: Sequence[str] = (),
        method: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Animation:
        """Writes the walk of `faces` seeded faces as .gif, .webp, .png (animated) or .mp4, by suffix.

        `emotion` is a name or a mix, or several of them, or `"all"`: a row a face, a column an emotion, all moving at
        once. With a `timeline` (as in the method of that name) the faces go through that, whatever `emotion` and
        `steps`; its times are exact in the file.

        `size` is the side of each face in pixels; `easing` is `linear`, or `smooth` (None: smooth for a timeline).
        `loop`, `hold` and `repeat` are those of `write_animation`. None for `loop` never jumps: forth-and-back, but
        forth for a timeline that ends as it began, whose last frame is left to the next pass. None for `hold` is half a
        second, and 0 for a timeline, which holds where two keyframes are alike.

        Below each face, `labels` writes the emotions and strengths that it is moved by, and `bars` draws the
        classifier's probabilities, those of these emotions in another colour. `keep` is that of `move`. `progress` gets
        frames done and of all.
        """
        target = file_path(path, FORMATS)
        faces = whole("the number of faces", faces, 1, MAX_FACES)
        size = whole("size", size, MIN_SIZE, MAX_SIZE)
        labels, bars = flag("labels", labels), flag("bars", bars)
        fps = real("fps", fps, MIN_FPS, 1000)
        easing = None if easing is None else one_of("easing", easing, EASINGS)
        loop = None if loop is None else one_of("loop", loop, LOOPS)
        hold = None if hold is None else real("hold", hold, 0, MAX_HOLD)
        if timeline is None:
            columns = self._vocabulary.columns(emotion)
            course = walk_course(columns, whole("steps", steps, 2, MAX_STEPS), easing, loop, hold)
        else:
            course = timeline_course(*self._vocabulary.keyframes(timeline), min(fps, MAX_FPS), easing, loop, hold)
        _, _, repeat = check_timing(fps, course.loop, course.hold, repeat)
        frames, count = course.strengths.shape[:2]
        across = count if count > 1 else None
        band = caption_height(size, labels, len(self.emotions) if bars else 0)
        plan(faces * count, size, across, band)
        if band:
            whole("size with labels or bars", size, MIN_CAPTION_SIZE, MAX_SIZE)
        pixels = frames * faces * count * max(size * (size + band), self.image_size**2)
        if pixels > MAX_ANIMATION_PIXELS:
            side = self.image_size
            drawn = f" (this bundle draws {side} x {side} for a face)" if side > size else ""
            raise InputError(
                f"{pixels // 10**6} million pixels{drawn}; the limit is {MAX_ANIMATION_PIXELS // 10**6}: take fewer "
                "steps, or fewer or smaller faces"
            )

        def caption(index: int, frame: Pixels) -> Caption:
            strengths = np.tile(course.strengths[index], (faces, 1))
            return Caption(self._vocabulary.names, strengths, labels, self.classify(frame).emotion if bars else None)

        z = np.repeat(self.sample(faces, seed), count, axis=0)
        images = self._frames(self._prepared(z, course.strengths, method, keep), len(z), course.strengths)
        return write_animation(
            target,
            images if progress is None else _reported(images, frames, progress),
            fps=fps,
            size=size,
            loop=course.loop,
            hold=course.hold,
            repeat=repeat,
            seconds=course.seconds,
            columns=across,
            caption=caption if band else None,
            threads=self._engine.threads,
        )

    def _prepared(
        self, start: Latents, strengths: NDArray[np.float64], method: str | None, keep: Sequence[str]
    ) -> Move:
        """Faces ready to be moved by any of `strengths` (..., E + C + A); checks the method and what to keep."""
        name = self._axes.default if method is None else one_of("method", method, self.methods)
        motions = self._axes.motions(name)
        return Move(start, motions, check_keep(keep, strengths, motions), strengths)

    def _frames(self, move: Move, faces: int, strengths: NDArray[np.float64]) -> Iterator[Pixels]:
        """A frame for each of `strengths` (T, C, E + C + A), whose C columns the faces take in turn."""
        # Few faces leave a micro-batch half empty (a third more time) and threads idle: the next steps fill them.
        together = max(1, MICRO_BATCH * self._engine.threads // faces)
        turns = faces // strengths.shape[1]
        for first in range(0, len(strengths), together):
            moved = [
                move.at(np.tile(columns, (turns, 1)) if len(columns) > 1 else columns[0])
                for columns in strengths[first : first + together]
            ]
            images = self._generator.run(np.concatenate(moved))["image"]
            yield from images.reshape(len(moved), faces, *images.shape[1:])

    def _seen(self, z: Latents, wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(N,) probability of the wanted emotions together, or of the wanted characters if that is lower."""
        scores = self.classify(self.render(z))
        drawn = [self.characters.index(name) for name in self._vocabulary.characters]
        sides = np.split(wanted, [len(self.emotions)])
        sums = [
            table[:, side].sum(axis=1, dtype=np.float64)
            for table, side in zip((scores.emotion, scores.character[:, drawn]), sides, strict=True)
            if side.any()
        ]
        lowest: NDArray[np.float64] = np.min(sums, axis=0)
        return lowest

    def _check_latents(self, z: ArrayLike) -> Latents:
        return sampling.check_latents(z, self.latent_dim)


def _rebuild(kind: type[CheerMeUp], path: Path, options: dict[str, Any]) -> CheerMeUp:
    return kind(path, **options)


def _reported(frames: Iterator[Pixels], steps: int, progress: Callable[[int, int], None]) -> Iterator[Pixels]:
    for done, frame in enumerate(frames, start=1):
        yield frame
        progress(done, steps)
