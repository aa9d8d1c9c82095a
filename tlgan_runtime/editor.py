"""`CheerMeUp`: faces of a bundle, drawn, read, moved and animated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlgan_runtime import transparency
from tlgan_runtime.animation.caption import Caption
from tlgan_runtime.animation.layout import Pixels, check_transparency
from tlgan_runtime.animation.options import MAX_FPS, AnimationOptions
from tlgan_runtime.animation.progress import reported
from tlgan_runtime.animation.write import Animation, animation_path, write_animation
from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.bundle.manifest import Manifest
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.errors import InputError
from tlgan_runtime.graphs.bundle_graphs import open_graphs
from tlgan_runtime.graphs.end_finders import usable_axes
from tlgan_runtime.graphs.session import MICRO_BATCH, Engine
from tlgan_runtime.latent import sampling
from tlgan_runtime.latent.axes import Motions
from tlgan_runtime.latent.keep import check_keep
from tlgan_runtime.latent.moves import Move
from tlgan_runtime.latent.strengths import timeline_strengths, walk_strengths
from tlgan_runtime.latent.timeline import Keyframes
from tlgan_runtime.latent.vocabulary import Mix, Vocabulary
from tlgan_runtime.option import takes
from tlgan_runtime.own_pictures import OwnPictures, no_encoder
from tlgan_runtime.puppet import LONGEST, SETTLE, SHORTEST, Puppet
from tlgan_runtime.scene import plan_scene
from tlgan_runtime.scores import Scores
from tlgan_runtime.transparency import AUTO, Background, Colour, averaged, colour, over
from tlgan_runtime.validation import array, one_of, real

Latents = NDArray[np.float32]


class CheerMeUp(OwnPictures):
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
        self._mapping, self._generator, self._classifier, self._encoder = open_graphs(
            self._bundle, self._engine, precision
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), **self._options), (self._bundle.path,)

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
        return list(self.vocabulary.attributes)

    @property
    def vocabulary(self) -> Vocabulary:
        """All names that mixes may use: emotions, characters that a face can become, attributes."""
        return self._vocabulary

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
        count, seed = AnimationOptions.check("faces", n), AnimationOptions.check("seed", seed)
        z = sampling.sample(count, self.latent_dim, seed)
        return z if self._mapping is None else self._mapping.run(z)["latent"]

    def render(self, z: ArrayLike, background: Background = AUTO) -> Pixels:
        """The faces of `z`, (N, latent_dim) floats from -1000 to 1000 -> uint8 (N, H, W, 3), RGB.

        Latents are in standard deviations of the prior (`latent.MAX_LATENT`); far beyond 6, faces fall apart.

        Where the bundle draws faces without a background, `background` is a colour (`"white"`, `"#ffaa00"` or three
        numbers from 0 to 255), or `"auto"` for the one that the bundle names. None gives uint8 (N, H, W, 4), RGBA with
        straight alpha. Raises `InputError` for another background of faces that fill their pictures.
        """
        return self._drawn(self._check_latents(z), self._behind(background))

    def classify(self, images: ArrayLike) -> Scores:
        """What emotion and character the classifier sees in `images`, uint8 (N, H, W, 3).

        They have the size of the faces, or the smaller one that the classifier reads (`manifest.reader_size`).
        """
        return Scores(**self._classifier.run(self._read(images)))

    def _read(self, images: ArrayLike) -> Pixels:
        """Pictures in the size that classifier and encoder read."""
        pictures, read = array("images", images), self.manifest.read_size
        shapes = [(size, size, 3) for size in dict.fromkeys((self.image_size, read))]
        if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[1:] not in shapes or len(pictures) == 0:
            wanted = " or ".join(f"(N, {', '.join(map(str, shape))})" for shape in shapes)
            raise InputError(f"images must be uint8 {wanted}, not {pictures.dtype} {pictures.shape}")
        return averaged(pictures, read)

    def encode(self, images: ArrayLike) -> Latents:
        """Latents float32 (N, latent_dim) that draw `images`, uint8 (N, H, W, 3) of the sizes that `classify` takes.

        The faces must lie in `images` as drawn ones do; `invert` finds them in other pictures. Raises
        `BundleNotFoundError` if the bundle has no encoder.
        """
        pictures = self._read(images)
        if self._encoder is None:
            raise no_encoder(self.path)
        return self._encoder.run(pictures)["z"]

    def move(
        self,
        z: ArrayLike,
        strengths: Mix,
        method: str | None = None,
        *,
        until: float | None = None,
        keep: Sequence[str] = (),
    ) -> Latents:
        """`z`, (N, latent_dim), moved by a mix of emotions, characters and attributes; the same shape.

        Strength 0 has no effect and returns `z` bit for bit; 1 is the full effect; a negative strength leads away from
        an emotion, or to faces without an attribute. Where the bundle draws several characters, a mix may name
        characters, too: a face becomes another character and keeps its emotion. `method` names the axes; None is the
        bundle's default.

        With `until`, a probability from 0 to 1, each face goes towards `strengths` in steps of a sixteenth, and stops
        where the classifier gives the emotions with strengths above 0 that probability together (and the characters, if
        the mix names any). A face that never gets there stops where it comes nearest.

        `keep` names emotions and attributes that must not change, and `character`. The component of the move along
        their axes is removed; the norm is not restored. The method `path` also looks for ends that keep these
        emotions, if the bundle has such ends. A move away from an emotion has no ends: there only the axes count.

        A small change of a strength is a small move, through 0 as well, with two exceptions. With `until` a face may
        stop a step earlier or later. And at strength 0 `until` does not wait for the emotion, and `keep` may name it.
        """
        start, mix = self._check_latents(z), self.vocabulary.strengths(strengths)
        move = self._prepared(start, mix, method, keep)
        if until is None:
            return move.at(mix)
        until, wanted = real("until", until, 0.0, 1.0), self.vocabulary.wanted(mix, self.characters)
        return move.until(mix, until, lambda moved: self.classify(self.render(moved)).together(*wanted))

    def walk(
        self,
        z: ArrayLike,
        emotion: str | Mix,
        steps: int = AnimationOptions.steps,
        method: str | None = None,
        *,
        easing: str = "linear",
        keep: Sequence[str] = (),
        background: Background = AUTO,
    ) -> Iterator[Pixels]:
        """`steps` frames of the faces of `z` on their way from strength 0 to 1, uint8 (N, H, W, 3) each.

        `emotion` is a name, or a mix whose strengths are those of the last frame. `easing` is `linear` (even steps) or
        `smooth` (small ones at the ends); `keep` is that of `move`, `background` that of `render`. Arguments are
        checked at the call; frames are rendered as they are taken.
        """
        start = self._check_latents(z)
        strengths = self.vocabulary.strengths({emotion: 1.0} if isinstance(emotion, str) else emotion)
        steps, easing = AnimationOptions.check("steps", steps), AnimationOptions.require("easing", easing)
        shares = walk_strengths(steps, easing)
        course = np.multiply.outer(shares, strengths[None])
        move, behind = self._prepared(start, course, method, keep), self._behind(background)
        return self._frames(move, len(start), course, behind)

    def timeline(
        self,
        z: ArrayLike,
        timeline: str | Keyframes,
        fps: float = AnimationOptions.fps,
        method: str | None = None,
        *,
        easing: str = "smooth",
        keep: Sequence[str] = (),
        background: Background = AUTO,
    ) -> Iterator[Pixels]:
        """Frames of the faces of `z` through mixes at given times, uint8 (N, H, W, 3) each.

        `timeline` is text, `"neutral, joy:0.8@1s, joy:0.5+surprise:0.5@2s, neutral@3s"`, where an emotion without a
        number has strength 1 and `start` is the face as it is; or pairs of seconds and mix, `[(0, {}), (1, {"joy":
        0.8})]`. Times rise from 0. Each keyframe is a frame; the frames between two are evenly spaced in time, at most
        `fps` a second, and strengths go from one to the other as `easing` says; `keep` is that of `move`, `background`
        that of `render`. Checked at the call, as `walk` is.
        """
        start = self._check_latents(z)
        times, keys = self.vocabulary.keyframes(timeline)
        rate, easing = min(AnimationOptions.check("fps", fps), MAX_FPS), AnimationOptions.require("easing", easing)
        _, strengths = timeline_strengths(times, keys, rate, easing)
        move, behind = self._prepared(start, keys, method, keep), self._behind(background)
        return self._frames(move, len(start), strengths[:, None], behind)

    def puppet(
        self,
        z: ArrayLike,
        method: str | None = None,
        *,
        settle: float = SETTLE,
        keep: Sequence[str] = (),
        background: Background = AUTO,
    ) -> Puppet:
        """The faces of `z`, (N, latent_dim), for a program that sets their strengths while it shows them.

        `settle` is the time in which nine tenths of a change happen, from 0.01 to 60 seconds. `method` and `keep` are
        those of `move`, `background` that of `render`. Ends of the faces are found once, and again where characters or
        attributes change.
        """
        start, behind, motions = self._check_latents(z), self._behind(background), self._motions(method)
        seconds, names = real("settle", settle, SHORTEST, LONGEST), len(self.vocabulary.names)
        kept, held = check_keep(keep, np.zeros(names), motions), tuple(keep)
        return Puppet(
            self.vocabulary,
            Move(start, motions, kept, np.ones(names)),  # any name may move
            lambda latents: self._drawn(latents, behind),
            lambda strengths: check_keep(held, strengths, motions),
            seconds,
        )

    @takes(AnimationOptions)
    def gif(self, options: AnimationOptions) -> Animation:
        """Write the walk of `faces` seeded faces, in the format that the suffix of `path` names.

        They are .gif, .webp, .png (animated), .mp4 and .webm. A `path` such as `joy_%03d.png` writes a file for each
        frame.

        `emotion` is a name, a mix, a list of these, or `"all"`: a row for each face and a column for each emotion, all
        moving at once. With a `timeline` of any form that `CheerMeUp.timeline` takes, `emotion` and `steps` have no
        effect; its times are exact in the file, and one that ends as it began leaves its last frame to the next pass.
        `loop`, `hold` and `repeat` are those of `write_animation`, `keep` is that of `move`. `bars` draws the
        classifier's probabilities, those of the wanted emotions in another colour. Raises as `write_animation` does.
        """
        target, behind = animation_path(options.path), self._behind(options.background)
        if self.manifest.channels == 4 and behind is None:
            check_transparency(target)
        scene = plan_scene(options, self.vocabulary, self.image_size)
        strengths, faces = scene.course.strengths, options.faces

        def caption(index: int, frame: Pixels) -> Caption:
            seen = self.classify(self._solid(frame)).emotion if options.bars else None
            return Caption(self.vocabulary.names, np.tile(strengths[index], (faces, 1)), options.labels, seen)

        z = np.repeat(self.sample(faces, options.seed), scene.columns, axis=0)
        images = self._frames(self._prepared(z, strengths, options.method, options.keep), len(z), strengths, behind)
        return write_animation(
            target,
            reported(images, scene.frames, options.progress),
            fps=options.fps,
            size=options.size,
            loop=scene.course.loop,
            hold=scene.course.hold,
            repeat=options.repeat,
            seconds=scene.course.seconds,
            columns=scene.columns if scene.columns > 1 else None,
            caption=caption if scene.captioned else None,
            matte=options.matte,
            threads=self._engine.threads,
        )

    def _prepared(
        self, start: Latents, strengths: NDArray[np.float64], method: str | None, keep: Sequence[str]
    ) -> Move:
        """Faces ready to be moved by any of `strengths` (..., E + C + A); checks the method and what to keep."""
        motions = self._motions(method)
        return Move(start, motions, check_keep(keep, strengths, motions), strengths)

    def _motions(self, method: str | None) -> Motions:
        return self._axes.motions(self._axes.default if method is None else one_of("method", method, self.methods))

    def _behind(self, background: Background) -> Colour | None:
        """The colour behind the faces that are drawn; None for none, and where faces fill their pictures."""
        chosen = transparency.background("background", background)
        if self.manifest.channels == 4:
            return colour("background", self.manifest.background) if chosen == AUTO else chosen
        if chosen != AUTO:
            raise InputError(
                f"the faces of {self.manifest.name} fill their pictures, so nothing can be behind them; leave "
                "background out"
            )
        return None

    def _drawn(self, latents: Latents, behind: Colour | None) -> Pixels:
        images = self._generator.run(latents)["image"]
        return over(images, behind) if images.shape[-1] == 4 and behind is not None else images

    def _solid(self, images: Pixels) -> Pixels:
        """Faces as the classifier reads them, RGB."""
        return over(images, colour("background", self.manifest.background)) if images.shape[-1] == 4 else images

    def _frames(
        self, move: Move, faces: int, strengths: NDArray[np.float64], behind: Colour | None
    ) -> Iterator[Pixels]:
        """A frame for each of `strengths` (T, C, E + C + A), whose C columns the faces take in turn."""
        # Few faces leave a micro-batch half empty (a third more time) and threads idle: the next steps fill them.
        together = max(1, MICRO_BATCH * self._engine.threads // faces)
        turns = faces // strengths.shape[1]
        for first in range(0, len(strengths), together):
            moved = [
                move.at(np.tile(columns, (turns, 1)) if len(columns) > 1 else columns[0])
                for columns in strengths[first : first + together]
            ]
            images = self._drawn(np.concatenate(moved), behind)
            yield from images.reshape(len(moved), faces, *images.shape[1:])

    def _check_latents(self, z: ArrayLike) -> Latents:
        return sampling.check_latents(z, self.latent_dim)
