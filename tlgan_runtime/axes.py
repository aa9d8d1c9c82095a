"""The directions of a bundle's latent space along which emotions grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.attributes import KINDS, NAME, Attribute
from tlgan_runtime.errors import BundleDamagedError
from tlgan_runtime.manifest import is_plain
from tlgan_runtime.messages import listed, shown
from tlgan_runtime.names import RESERVED

AXES_SCHEMA_VERSION = 1
_UNIT_TOLERANCE = 1e-3  # JSON floats may have been rounded
MAX_METHODS = 32
MAX_ATTRIBUTES = 256
MAX_KNOTS = 1000
"""Of a pace; exports have 17."""
MAX_DISTANCE = 100.0
"""Standard deviations of the prior, for every coordinate and every strength: faces are drawn from within ten."""
MAX_SLOPE = 1e6
"""Of log-odds for a standard deviation, and for what they begin at: exports have about 3."""

EndFinder = Callable[[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float64]]
"""Latents (N, latent_dim), which emotions (E,) are asked for and which (E,) are to stay as they are → the latents
(N, E, latent_dim) that show the same faces with each emotion complete; those of emotions not asked for may be anything
finite."""


@dataclass(frozen=True, eq=False)
class Centres:
    """Where the faces of each emotion are, and how a face's own emotion is read off its latent.

    With them a face moves on a line of its own: from the centre of its emotion towards the target of another, keeping
    its place relative to the centre. Rows are in the order of the emotions.
    """

    latents: NDArray[np.float64]
    """(E, latent_dim) mean latent of each emotion."""
    slopes: NDArray[np.float64]
    """(E, latent_dim) of the posterior softmax(slopes z + intercepts)."""
    intercepts: NDArray[np.float64]
    """(E,)."""
    targets: NDArray[np.float64]
    """(E, latent_dim) where strength 1 leads: the centre, or beyond it where the effect is only complete there."""
    pace: NDArray[np.float64]
    """(E, E, K + 1) share of the way, from 0 to 1, at K + 1 even strengths from 0 to 1, from each emotion (row) to each
    (column): slow where faces change fast, so that even strengths show even changes."""

    def posterior(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, E) probabilities of each emotion for latents (N, latent_dim)."""
        logits = z @ self.slopes.T + self.intercepts
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        posterior: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
        return posterior

    def shift(
        self, z: NDArray[np.float64], strengths: NDArray[np.float64], ends: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What leads towards emotions and what leads away from them, (N, latent_dim) each, for latents of that shape.

        `strengths` are (E,) or (N, E). Those above 0 lead towards the emotion's target from the centre of the face
        itself, blended by its posterior, or towards the face's own `ends` (N, E, latent_dim). Where several add up to
        more than 1 (or than the largest of them), they are scaled down to that, for a blend of their targets. Those
        below 0 lead away from the emotion towards the middle of all, as far as the face shows it; faces that do not
        show it stay. Both parts change continuously with the strengths, through 0 and through a sum of 1 as well.
        """
        own, strengths = self.posterior(z), np.atleast_2d(strengths)
        more, less = np.maximum(strengths, 0.0), np.minimum(strengths, 0.0) * own
        total = more.sum(axis=1, keepdims=True)
        blend = np.divide(more, total, out=np.zeros_like(more), where=total > 0)
        total = np.minimum(total, np.maximum(more.max(axis=1, keepdims=True), 1.0))
        share = np.where(total > 1, total, self._share(own, blend, np.minimum(total, 1.0)))
        way = blend @ self.targets - own @ self.latents if ends is None else np.einsum("ne,ned->nd", blend, ends) - z
        return share * way, less @ (self.latents - self.latents.mean(axis=0))

    def _share(
        self, own: NDArray[np.float64], blend: NDArray[np.float64], strength: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(N, 1) share of the way of faces with posteriors `own` to a `blend` of emotions, at strengths from 0 to 1."""
        knots = self.pace.shape[2] - 1
        place = strength[:, 0] * knots
        before = np.minimum(place.astype(int), knots - 1)
        between = self.pace[..., before] + (place - before) * (self.pace[..., before + 1] - self.pace[..., before])
        share: NDArray[np.float64] = (own * np.einsum("oen,ne->no", between, blend)).sum(axis=1, keepdims=True)
        return share


@dataclass(frozen=True, eq=False)
class AxisSet:
    """One method's axes, rows in the order of `emotions` (paper, section 4.1: slopes of a linear map z -> emotion)."""

    method: str
    """Name of the method that fitted them, for example `logit` or `paper`."""
    emotions: tuple[str, ...]
    """Names of the rows."""
    directions: NDArray[np.float64]
    """(E, latent_dim), rows of length 1."""
    offsets: NDArray[np.float64]
    """(E,) intercepts of the fitted regression, in the fitted space."""
    max_strength: NDArray[np.float64]
    """(E,) distance in latent units (standard deviations of the prior) that strength 1 stands for, > 0; with `centres`
    a mean over emotions that a face may start from, which moves do not use."""
    keep_norm: bool
    """Whether a moved latent is rescaled to the norm that it had."""
    fitted: Mapping[str, Any]
    """How it was fitted, in the words of the one who fitted it."""
    cosine: NDArray[np.float64]
    """(E, E) cosines between the rows."""
    centres: Centres | None = None
    """For moves from each face's own emotion; None moves all faces alike along `directions`."""
    ends: str | None = None
    """Role of the graph that finds each face's own ends of these moves, if they are not those of `centres`."""
    find_ends: EndFinder | None = None
    """Runs that graph; None goes without it, to the targets of `centres`. It remembers nothing: `latent.Way` does."""
    keeps: bool = False
    """Whether these ends keep emotions as they are when asked to."""


@dataclass(frozen=True, eq=False)
class Axes:
    """All methods of a bundle; `default` names the one in use."""

    default: str
    methods: Mapping[str, AxisSet]
    characters: AxisSet | None = None
    """From each drawn character to each other, rows in their order; None where there is only one."""
    attributes: tuple[Attribute, ...] = ()
    """What was added to the finished model."""


def parse_axes(
    document: Mapping[str, Any], emotions: tuple[str, ...], latent_dim: int, drawn: tuple[str, ...] | None = None
) -> Axes:
    """`axes.json`, checked against the manifest; raises `BundleDamagedError` naming the field that is wrong.

    `drawn`: the characters that moves between characters must be for; None does not check.
    """
    if (version := document.get("schema_version")) != AXES_SCHEMA_VERSION or type(version) is not int:
        raise BundleDamagedError(
            f"axes.json has schema_version {shown(version)}; this runtime reads {AXES_SCHEMA_VERSION}"
        )
    for key, expected in (("emotions", list(emotions)), ("latent_dim", latent_dim)):
        if document.get(key) != expected or isinstance(document.get(key), bool | float):
            raise BundleDamagedError(f"axes.json says {key} {shown(document.get(key))}, the manifest {shown(expected)}")
    methods = document.get("methods")
    default = document.get("default")
    if not isinstance(methods, dict) or not isinstance(default, str) or default not in methods:
        raise BundleDamagedError(f"axes.json has no method {shown(default)}, which it calls its default")
    if len(methods) > MAX_METHODS or not all(map(is_plain, methods)):
        raise BundleDamagedError(f"axes.json: methods must be at most {MAX_METHODS}, named without control characters")
    parsed = {name: _parse_method(name, method, emotions, latent_dim) for name, method in methods.items()}
    characters = document.get("characters")
    if characters is None:
        return Axes(default, parsed, None, _parse_attributes(document.get("attributes", []), emotions, latent_dim))
    told = characters.get("names") if isinstance(characters, dict) else None
    names = tuple(told) if isinstance(told, list) and all(isinstance(name, str) for name in told) else ()
    if len(set(names)) != len(names) or len(names) < 2 or (drawn is not None and names != drawn):
        raise BundleDamagedError(f"axes.json has characters {shown(told)}, the manifest draws {listed(drawn or ())}")
    if set(names) & set(emotions):
        raise BundleDamagedError(f"axes.json: characters {listed(names)} have names of emotions")
    attributes = _parse_attributes(document.get("attributes", []), emotions + names, latent_dim)
    return Axes(default, parsed, _parse_method("characters", characters, names, latent_dim), attributes)


def _parse_method(name: str, method: Any, emotions: tuple[str, ...], latent_dim: int) -> AxisSet:
    if not isinstance(method, dict):
        raise BundleDamagedError(f"axes.json: method {shown(name)} is not an object")
    count = len(emotions)
    axes = AxisSet(
        method=name,
        emotions=emotions,
        directions=_array(name, method, "directions", (count, latent_dim), MAX_DISTANCE),
        offsets=_array(name, method, "offsets", (count,), MAX_SLOPE),
        max_strength=_array(name, method, "max_strength", (count,), MAX_DISTANCE),
        keep_norm=method.get("keep_norm") is True,
        fitted=found if isinstance(found := method.get("fitted"), dict) else {},
        cosine=_array(name, method, "cosine", (count, count), 1 + _UNIT_TOLERANCE),
        centres=_parse_centres(name, method["centres"], count, latent_dim) if "centres" in method else None,
        ends=method.get("ends"),
        keeps=method.get("keeps", False),
    )
    if axes.ends is not None and (not isinstance(axes.ends, str) or axes.centres is None):
        raise BundleDamagedError(f"axes.json: {name}.ends must name a role, beside centres, not {shown(axes.ends)}")
    if not isinstance(axes.keeps, bool):
        raise BundleDamagedError(f"axes.json: {name}.keeps must be true or false, not {shown(axes.keeps)}")
    if not isinstance(method.get("keep_norm"), bool):
        raise BundleDamagedError(
            f"axes.json: {name}.keep_norm must be true or false, not {shown(method.get('keep_norm'))}"
        )
    if (np.abs(np.linalg.norm(axes.directions, axis=1) - 1) > _UNIT_TOLERANCE).any():
        raise BundleDamagedError(f"axes.json: the rows of {name}.directions must have length 1")
    if (axes.max_strength <= 0).any():
        raise BundleDamagedError(f"axes.json: {name}.max_strength must be above 0 for every emotion")
    return axes


def _parse_centres(name: str, centres: Any, count: int, latent_dim: int) -> Centres:
    if not isinstance(centres, dict):
        raise BundleDamagedError(f"axes.json: {name}.centres is not an object")
    name = f"{name}.centres"
    # Files from before there were targets and paces go to the centres, at an even pace.
    even = np.tile([0.0, 1.0], (count, count, 1)).tolist()
    centres = {"targets": centres.get("latents"), "pace": even, **centres}
    pace = _array(name, centres, "pace", (count, count, None), MAX_DISTANCE)
    if (np.diff(pace) < 0).any() or (pace[..., 0] != 0).any() or (pace[..., -1] != 1).any():
        raise BundleDamagedError(f"axes.json: {name}.pace must grow from 0 to 1 for each pair of emotions")
    return Centres(
        latents=_array(name, centres, "latents", (count, latent_dim), MAX_DISTANCE),
        slopes=_array(name, centres, "slopes", (count, latent_dim), MAX_SLOPE),
        intercepts=_array(name, centres, "intercepts", (count,), MAX_SLOPE),
        targets=_array(name, centres, "targets", (count, latent_dim), MAX_DISTANCE),
        pace=pace,
    )


def _parse_attributes(entries: Any, taken: tuple[str, ...], latent_dim: int) -> tuple[Attribute, ...]:
    """In the order of the file; `taken` are names that mixes use for something else."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BundleDamagedError("axes.json: attributes must be a list of objects")
    if len(entries) > MAX_ATTRIBUTES:
        raise BundleDamagedError(f"axes.json has over {MAX_ATTRIBUTES} attributes")
    attributes: list[Attribute] = []
    for entry in entries:
        name = entry.get("name")
        used = (*taken, *RESERVED, *(attribute.name for attribute in attributes))
        if not isinstance(name, str) or not NAME.fullmatch(name) or name in used:
            raise BundleDamagedError(f"axes.json: {shown(name)} cannot be the name of an attribute, or is there twice")
        if entry.get("kind") not in KINDS:
            raise BundleDamagedError(f"axes.json: attribute {name} must be {' or '.join(KINDS)}")
        direction = _array(name, entry, "direction", (latent_dim,), MAX_DISTANCE)
        low, high = _array(name, entry, "levels", (2,), MAX_DISTANCE).tolist()
        if abs(np.linalg.norm(direction) - 1) > _UNIT_TOLERANCE or low >= high:
            raise BundleDamagedError(f"axes.json: {name}.direction must have length 1, and {name}.levels must rise")
        away, towards = _array(name, entry, "max_strength", (2,), 2 * MAX_DISTANCE).tolist()
        facts = [found if isinstance(found := entry.get(key), dict) else {} for key in ("fitted", "measured")]
        attributes.append(Attribute(name, entry["kind"], direction, (low, high), (away, towards), *facts))
    return tuple(attributes)


def _array(
    name: str, method: Mapping[str, Any], key: str, shape: tuple[int | None, ...], largest: float
) -> NDArray[np.float64]:
    """Numbers from -`largest` to `largest` of this shape, read-only; None stands for any length of 1 to `MAX_KNOTS`."""
    parts: list[Any] = [method.get(key)]
    lengths: list[int] = []
    for length in shape:
        if not all(isinstance(part, list) for part in parts):
            raise BundleDamagedError(f"axes.json: {name}.{key} is not an array of numbers of shape {_words(shape)}")
        found = {len(part) for part in parts}
        if len(found) > 1 or not (found <= {length} if length is not None else 0 < max(found) <= MAX_KNOTS):
            raise BundleDamagedError(f"axes.json: {name}.{key} must be finite numbers of shape {_words(shape)}")
        lengths += found
        parts = [item for part in parts for item in part]
    # Text and booleans are no numbers here, whatever numpy makes of them; whole numbers may have hundreds of digits.
    if not all(type(item) in (int, float) and abs(item) <= largest for item in parts):
        raise BundleDamagedError(f"axes.json: {name}.{key} must be numbers from {-largest:g} to {largest:g}")
    array = np.array(parts, dtype=np.float64).reshape(lengths)
    array.setflags(write=False)
    return array


def _words(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if length is None else str(length) for length in shape)})"
