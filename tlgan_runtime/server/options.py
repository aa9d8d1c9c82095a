"""What requests can ask for, besides the options of an animation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from tlgan_runtime.animation.options import MAX_FACES, MAX_SIZE, MIN_SIZE, AnimationOptions
from tlgan_runtime.errors import InputError
from tlgan_runtime.option import Behind, Flag, Names, Options, Real, Whole, check_json, option
from tlgan_runtime.server.limits import Limits
from tlgan_runtime.transparency import AUTO, Background

Asked = TypeVar("Asked", bound=Options)
_SHARED = AnimationOptions.options()


class Strengths:
    """Strengths by name. The bundle knows the names."""

    json: ClassVar[tuple[type, ...]] = (dict,)

    def check(self, what: str, value: Any) -> Any:
        return value


class Latents:
    """A list of latents, which are lists of numbers. The bundle knows their length."""

    json: ClassVar[tuple[type, ...]] = (list,)

    def check(self, what: str, value: Any) -> Any:
        return value


class Box:
    """Left, top, width and height in pixels. The picture says what is in it."""

    json: ClassVar[tuple[type, ...]] = (list,)

    def check(self, what: str, value: Any) -> Any:
        return value


_STRENGTHS = option(Strengths(), "Strengths by name: 0 is none, 1 the full effect, below 0 leads away.")
_LATENTS = "Faces by their latents, a list of numbers for each."


@dataclass(frozen=True, kw_only=True)
class Way(Options):
    """How faces go to the strengths."""

    method: str | None = field(default=None, metadata=option(_SHARED["method"].kind, "Axes to use."))
    until: float | None = field(
        default=None,
        metadata=option(Real(0, 1), "Stop each face where the classifier gives the emotions this probability."),
    )
    keep: Sequence[str] = field(
        default=(), metadata=option(Names(), "Emotions and attributes that must not change, or character.")
    )


@dataclass(frozen=True, kw_only=True)
class RenderOptions(Way):
    """Faces, moved and drawn."""

    faces: int | None = field(
        default=None, metadata=option(Whole(1, MAX_FACES), "Number of faces.", title="the number of faces", none="1")
    )
    seed: int | None = field(default=None, metadata=option(_SHARED["seed"].kind, _SHARED["seed"].about, none="0"))
    latents: Any = field(default=None, metadata=option(Latents(), f"{_LATENTS} They take the place of faces and seed."))
    strengths: Mapping[str, float] | None = field(default=None, metadata=_STRENGTHS)
    size: int | None = field(
        default=None,
        metadata=option(Whole(MIN_SIZE, MAX_SIZE), _SHARED["size"].about, none="as the bundle draws them"),
    )
    background: Background = field(default=AUTO, metadata=option(Behind(), _SHARED["background"].about))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.latents is not None and (self.faces is not None or self.seed is not None):
            raise InputError("latents already give the faces; leave faces and seed out")
        if self.strengths is None and (self.method is not None or self.until is not None or self.keep):
            raise InputError("method, until and keep say how faces go to strengths; give strengths, too")


@dataclass(frozen=True, kw_only=True)
class MoveOptions(Way):
    """Latents, moved."""

    latents: Any = field(metadata=option(Latents(), _LATENTS))
    strengths: Mapping[str, float] = field(metadata=_STRENGTHS)


@dataclass(frozen=True, kw_only=True)
class ReadOptions(Options):
    """The face in a picture, read."""

    box: Sequence[float] | None = field(
        default=None,
        metadata=option(Box(), "Where the face is: left, top, width and height in pixels.", none="the middle square"),
    )


@dataclass(frozen=True, kw_only=True)
class InvertOptions(Options):
    """The face in a picture, found."""

    box: Sequence[float] | None = field(
        default=None, metadata=option(Box(), "Where the face is: left, top, width and height in pixels.")
    )
    refine: bool = field(
        default=False,
        metadata=option(Flag(), "Look for a latent that draws the face better, in the time of drawing many faces."),
    )


@dataclass(frozen=True, kw_only=True)
class EditOptions(InvertOptions, Way):
    """The face in a picture, moved."""

    strengths: Mapping[str, float] = field(metadata=_STRENGTHS)
    force: bool = field(default=False, metadata=option(Flag(), "Also edit pictures that hardly fit the bundle."))


def read_options(options: type[Asked], document: Mapping[str, Any], limits: Limits, **known: Any) -> Asked:
    """Return the options of a JSON object, within limits. `known` are options that are not for requests.

    Raises `InputError` for unknown options, for values that they do not take, and for options that are missing.
    """
    shared = options.shared()
    check_json(document, {name: one.kind.json for name, one in shared.items()})
    for name, value in document.items():
        limits.narrowed(name, shared[name].kind).check(shared[name].title or name, value)
    for name in required(options):
        if name not in document:
            raise InputError(f"{name} is missing: {shared[name].about}")
    return options(**known, **document)


def required(options: type[Options]) -> list[str]:
    """Return the names of options that a request must give."""
    return [name for name in options.shared() if name not in options.defaults()]
