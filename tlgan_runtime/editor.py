"""`CheerMeUp`: faces of a bundle, moved frame by frame, and the faces in pictures of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tlgan_runtime.animation.caption import Caption
from tlgan_runtime.animation.layout import Pixels, check_transparency
from tlgan_runtime.animation.options import MAX_FPS, AnimationOptions
from tlgan_runtime.animation.progress import reported
from tlgan_runtime.animation.write import Animation, animation_path, write_animation
from tlgan_runtime.faces import Faces, Latents
from tlgan_runtime.latent.keep import check_keep
from tlgan_runtime.latent.moves import Move
from tlgan_runtime.latent.strengths import timeline_strengths, walk_strengths
from tlgan_runtime.latent.timeline import Keyframes
from tlgan_runtime.latent.vocabulary import Mix
from tlgan_runtime.option import takes
from tlgan_runtime.puppet import LONGEST, SETTLE, SHORTEST, Puppet
from tlgan_runtime.scene import plan_scene
from tlgan_runtime.transparency import AUTO, Background
from tlgan_runtime.validation import flag, real

if TYPE_CHECKING:
    from tlgan_runtime.pictures.editor import PictureEditor
    from tlgan_runtime.pictures.inversion import Inversion


class CheerMeUp(Faces):
    """Steps VI to IX of the paper on an exported bundle.

    `bundle` is a folder, a .zip, or the name of an embedded bundle (None: the default one). `provider` is `auto`,
    `cpu` or `cuda`; `threads` None uses the CPUs that this process may run on; `precision` `int8` draws with the
    bundle's quick generator, if it has one, nearly the same faces (docs/speed.md). Manifest, axes and generator are
    verified here; the graphs start at their first use. Threads may share an instance; pickled, it travels as path and
    options and is built again where it arrives, so use the `spawn` method with `multiprocessing`.

    Raises `BundleError`s, or `InputError` for a wrong option.
    """

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
        move, behind = self._prepared(start, course, method, keep), self._renderer.behind(background)
        return self._renderer.frames(move, len(start), course, behind)

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
        move, behind = self._prepared(start, keys, method, keep), self._renderer.behind(background)
        return self._renderer.frames(move, len(start), strengths[:, None], behind)

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
        start, behind, motions = self._check_latents(z), self._renderer.behind(background), self._motions(method)
        seconds, names = real("settle", settle, SHORTEST, LONGEST), len(self.vocabulary.names)
        kept, held = check_keep(keep, np.zeros(names), motions), tuple(keep)
        return Puppet(
            self.vocabulary,
            Move(start, motions, kept, np.ones(names)),  # any name may move
            lambda latents: self._renderer.draw(latents, behind),
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
        target, behind = animation_path(options.path), self._renderer.behind(options.background)
        if self._renderer.clear and behind is None:
            check_transparency(target)
        scene = plan_scene(options, self.vocabulary, self.image_size)
        strengths, faces = scene.course.strengths, options.faces

        def caption(index: int, frame: Pixels) -> Caption:
            seen = self.classify(self._renderer.solid(frame)).emotion if options.bars else None
            return Caption(self.vocabulary.names, np.tile(strengths[index], (faces, 1)), options.labels, seen)

        z = np.repeat(self.sample(faces, options.seed), scene.columns, axis=0)
        move = self._prepared(z, strengths, options.method, options.keep)
        images = self._renderer.frames(move, len(z), strengths, behind)
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

    def invert(self, picture: Any, *, box: Sequence[float] | None = None, refine: bool = False) -> Inversion:
        """Find the face in a picture, and the latent that draws it.

        `picture` is a path, the bytes of a picture file, a Pillow image, or uint8 (H, W, 3) or (H, W, 4) with straight
        alpha. The face is looked for in the whole picture, and where the character stands out from a transparent or
        plain background; or near `box`, left, top, width and height in pixels. `refine` looks for a latent that draws
        the face better, which takes as long as drawing `latent_dim` faces.

        Raises `InputError` for what is no picture, and `BundleNotFoundError` if the bundle has no encoder.
        """
        from tlgan_runtime.pictures.view import view_of

        return self._pictures.find(view_of(picture), box, exactly=flag("refine", refine))

    def edit_picture(
        self,
        picture: Any,
        strengths: Mix,
        method: str | None = None,
        *,
        until: float | None = None,
        keep: Sequence[str] = (),
        box: Sequence[float] | None = None,
        refine: bool = False,
        force: bool = False,
        found: Inversion | None = None,
    ) -> Pixels:
        """The picture with another expression: uint8 (H, W, C), its own size and channels.

        `picture`, `box` and `refine` are those of `invert`; `strengths`, `method`, `until` and `keep` those of `move`.
        Where the drawn face does not change, the picture keeps its pixels bit for bit. `found` is what
        `invert` returned for this picture, so that several edits of it look for the face once.

        Raises as both do, and `InputError` for a picture that hardly fits the bundle (`Inversion.fit`), unless `force`.
        """
        from tlgan_runtime.pictures.view import view_of

        view = view_of(picture)
        if found is None:
            found = self._pictures.find(view, box, exactly=flag("refine", refine))
        if not flag("force", force):
            self._pictures.check_fit(found)
        moved = self.move(found.z, strengths, method, until=until, keep=keep)
        return view.returned(self._pictures.edited(view, found, moved))

    def edit_frames(
        self,
        frames: Iterable[Any],
        strengths: Mix,
        method: str | None = None,
        *,
        until: float | None = None,
        keep: Sequence[str] = (),
        box: Sequence[float] | None = None,
        force: bool = False,
    ) -> Iterator[Pixels]:
        """The frames of an animation with another expression, one by one, uint8 (H, W, C).

        Arguments are those of `edit_picture`; `box` is that of the first frame. The face stays where it was found.
        Frames without the face stay as they are, unless `force`. Moves are averaged over time, so that nothing
        flickers. Arguments are checked at the call; frames are edited as they are taken. Raises `InputError` after the
        last frame if no frame showed the face.
        """
        from tlgan_runtime.pictures.frames import edited_frames

        pictures, force = self._pictures, flag("force", force)

        def moved(z: Latents) -> Latents:
            return self.move(z, strengths, method, until=until, keep=keep)

        moved(np.zeros((1, self.manifest.latent_dim), np.float32))  # checks the arguments
        return edited_frames(pictures, frames, moved, box, force=force)

    @cached_property
    def _pictures(self) -> PictureEditor:
        # Imported here, as all that edits pictures: most programs edit none, and each start would pay 10 ms for it.
        from tlgan_runtime.pictures.editor import picture_editor

        if self._encoder is None or self.manifest.fit is None:
            raise self._no_encoder()
        return picture_editor(self.manifest, self.manifest.fit, self.encode, self.sample, self._renderer.draw)
