"""What an animation can be asked for: every option of `CheerMeUp.gif`, of `cheermeup gif` and of a job of a batch.

The help of the command line reads this file, so it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

from tlgan_runtime.choices import EASINGS, LOOPS
from tlgan_runtime.errors import InputError
from tlgan_runtime.option import Behind, Choice, Flag, ForPrograms, Names, Options, Paint, Real, Text, Whole, option
from tlgan_runtime.transparency import AUTO, Background

if TYPE_CHECKING:
    from tlgan_runtime.latent.timeline import Keyframes
    from tlgan_runtime.latent.vocabulary import Mix

MAX_FACES = 1_000_000
MAX_FPS = 50
"""Players replace delays under 20 ms by 100 ms, so nothing plays faster than this."""
MIN_SIZE, MAX_SIZE = 16, 2048
WALK_ONLY = ("emotion", "steps")
"""Options that have no effect with a timeline, which already gives emotions and times."""


@dataclass(frozen=True)
class AnimationOptions(Options):
    """The options of one animation, in the order in which `CheerMeUp.gif` takes them.

    Values are checked when the object is made. `emotion`, `timeline`, `keep` and `method` are checked later, since the
    bundle decides which names there are. To add an option, add a field, and read it where it has its effect.
    """

    path: str | PathLike[str] = field(
        metadata=option(
            ForPrograms(),
            "File: .gif, .webp, .png (animated), .mp4 or .webm; joy_%03d.png for each frame; - is standard output.",
        )
    )
    emotion: str | Mix | Sequence[str | Mix] = field(
        default="joy",
        metadata=option(
            Text("NAME", json=(str, list, dict)),
            "Emotion that grows; several (joy,anger) or all: a column for each.",
        ),
    )
    steps: int = field(default=30, metadata=option(Whole(2, 10_000), "Frames from strength 0 to 1."))
    faces: int = field(
        default=8, metadata=option(Whole(1, MAX_FACES), "Number of faces, side by side.", title="the number of faces")
    )
    seed: int = field(
        default=0, metadata=option(Whole(0, 2**64 - 1), "Which faces: the same seed draws the same ones.")
    )
    fps: float = field(default=15, metadata=option(Real(0.1, 1000), f"Frames per second, at most {MAX_FPS}."))
    size: int = field(default=256, metadata=option(Whole(MIN_SIZE, MAX_SIZE), "Side of each face in pixels."))
    _: KW_ONLY
    timeline: str | Keyframes | None = field(
        default=None,
        metadata=option(
            Text("TEXT", json=(str, list)),
            "Emotions at times: 'neutral, joy:0.8@1s, joy:0.5+fear:0.5@2s, neutral@3s'.",
        ),
    )
    easing: str | None = field(
        default=None,
        metadata=option(Choice(EASINGS), "How strengths change.", none="linear; smooth for a timeline"),
    )
    loop: str | None = field(
        default=None,
        metadata=option(
            Choice(LOOPS),
            "What follows the last frame.",
            none="forth-and-back; forth for a timeline that ends as it began",
        ),
    )
    hold: float | None = field(
        default=None,
        metadata=option(
            Real(0, 60), "Seconds that the first and the last frame stay longer.", none="0.5; 0 for a timeline"
        ),
    )
    repeat: int | None = field(
        default=None, metadata=option(Whole(1, 10_000), "Passes that a player shows.", none="endless")
    )
    background: Background = field(
        default=AUTO,
        metadata=option(
            Behind(),
            "What is behind faces that a bundle draws alone: none, a colour such as #ffaa00, or auto, its own colour.",
        ),
    )
    matte: str | Sequence[int] = field(
        default="white",
        metadata=option(Paint(), "Colour under the soft edges of a transparent GIF, whose pixels are clear or solid."),
    )
    labels: bool = field(default=False, metadata=option(Flag(), "Write emotions and strengths below each face."))
    bars: bool = field(default=False, metadata=option(Flag(), "Draw what the classifier reads below each face."))
    keep: Sequence[str] = field(
        default=(),
        metadata=option(
            Names(), "Emotions and attributes that must not change, or character; on the command line once for each."
        ),
    )
    method: str | None = field(default=None, metadata=option(Text("NAME"), "Axes to use.", none="the bundle's default"))
    progress: Callable[[int, int], None] | None = field(
        default=None, metadata=option(ForPrograms(), "Called after each frame with the frames done and all frames.")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_repeat(self.loop, self.repeat)


def check_repeat(loop: str | None, repeat: int | None) -> None:
    """Raise `InputError` for several passes of an animation that plays only one."""
    if loop == "once" and repeat is not None:
        raise InputError("loop once plays a single pass, so repeat has no effect; use forth or forth-and-back")


def check_timeline(given: Mapping[str, Any]) -> None:
    """Raise `InputError` for options that have no effect with a timeline, among those that are given in JSON."""
    if "timeline" in given and given.keys() & set(WALK_ONLY):
        raise InputError(f"timeline already gives emotions and times; leave {' and '.join(WALK_ONLY)} out")
