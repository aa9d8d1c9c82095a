"""A scene: an animation that is planned, so that everything is checked before the first face is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from tlgan_runtime.animation.caption import MIN_CAPTION_SIZE, caption_height
from tlgan_runtime.animation.layout import plan
from tlgan_runtime.animation.options import MAX_FPS, MAX_SIZE, AnimationOptions
from tlgan_runtime.errors import InputError
from tlgan_runtime.latent.strengths import Course, timeline_course, walk_course
from tlgan_runtime.latent.vocabulary import Vocabulary
from tlgan_runtime.validation import whole

MAX_PIXELS = 500_000_000
"""Of all frames together: colours are chosen from all frames, so all stay in memory until the last one is there."""


@dataclass(frozen=True)
class Scene:
    """Strengths frame by frame, and what a frame looks like."""

    course: Course
    columns: int
    """Moves that are drawn side by side; each face has a column for each."""
    captioned: bool

    @property
    def frames(self) -> int:
        return len(self.course.strengths)


def plan_scene(options: AnimationOptions, vocabulary: Vocabulary, image_size: int) -> Scene:
    """The scene that `options` ask for, of faces that the generator draws with sides of `image_size` pixels.

    Raises `InputError` for names that `vocabulary` does not have, and for a picture or an animation that is too large.
    """
    size, easing, loop, hold = options.size, options.easing, options.loop, options.hold
    if options.timeline is None:
        course = walk_course(vocabulary.columns(options.emotion), options.steps, easing, loop, hold)
    else:
        times, keys = vocabulary.keyframes(options.timeline)
        course = timeline_course(times, keys, min(options.fps, MAX_FPS), easing, loop, hold)
    frames, columns = course.strengths.shape[:2]
    band = caption_height(size, options.labels, len(vocabulary.emotions) if options.bars else 0)
    plan(options.faces * columns, size, columns if columns > 1 else None, band)
    if band:
        whole("size with labels or bars", size, MIN_CAPTION_SIZE, MAX_SIZE)
    pixels = frames * options.faces * columns * max(size * (size + band), image_size**2)
    if pixels > MAX_PIXELS:
        drawn = f" (this bundle draws {image_size} x {image_size} for a face)" if image_size > size else ""
        raise InputError(
            f"{pixels // 10**6} million pixels{drawn}; the limit is {MAX_PIXELS // 10**6}: take fewer steps, or fewer "
            "or smaller faces"
        )
    return Scene(course, columns, captioned=band > 0)
