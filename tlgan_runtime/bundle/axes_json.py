"""Read and write `axes.json`, the motions of a bundle. Every number is checked when it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.errors import BundleDamagedError
from tlgan_runtime.latent.axes import Axes
from tlgan_runtime.latent.centres import BetweenCentres, Centres, EndFinder, FittedMotion, ToEnds, even_pace
from tlgan_runtime.latent.motions import StraightLines, ToLevel
from tlgan_runtime.latent.names import ATTRIBUTE, RESERVED, is_plain
from tlgan_runtime.messages import listed, shown

AXES_SCHEMA_VERSION = 2
"""Version 1 also has `offsets` and `cosine` for each method, which no move ever used."""
READABLE = (1, AXES_SCHEMA_VERSION)
BINARY, NUMBER = "binary", "number"
KINDS = (BINARY, NUMBER)
"""Kinds of attributes: without or with it, and more or less of it."""
_UNIT_TOLERANCE = 1e-3  # JSON floats may have been rounded
MAX_METHODS = 32
MAX_ATTRIBUTES = 256
MAX_KNOTS = 1000
"""Largest number of points of a pace. Exports have 17."""
MAX_DISTANCE = 100.0
"""Limit of every coordinate and length, in standard deviations of the prior. Faces are drawn from within ten."""
MAX_SLOPE = 1e6
"""Limit of the slopes of log-odds, per standard deviation, and of their intercepts. Exports have about 3."""

FinderOf = Callable[[str, str, bool], EndFinder | None]
"""Takes the name of a method, the role of its graph, and whether the graph takes names to keep. Returns a function that
runs the graph, or None if it cannot be run."""


def without_ends(name: str, role: str, keeps: bool) -> None:
    """Return None, so that methods that need ends are left out."""
    return None


def parse_axes(
    document: Mapping[str, Any],
    emotions: tuple[str, ...],
    latent_dim: int,
    drawn: tuple[str, ...] | None = None,
    finder_of: FinderOf = without_ends,
) -> Axes:
    """Check `axes.json` against the manifest, and return the axes. Raises `BundleDamagedError` naming the wrong field.

    Args:
        drawn: the characters for which there must be moves between characters, if there are any. None does not check.
        finder_of: finds ends. Methods for which it returns None are checked and left out, even the default method.
    """
    version = document.get("schema_version")
    if type(version) is not int or version not in READABLE:
        raise BundleDamagedError(
            f"axes.json has schema_version {shown(version)}; this runtime reads {listed(map(str, READABLE))}"
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
    found = {name: _parse_motion(name, method, emotions, latent_dim, finder_of) for name, method in methods.items()}
    usable = {name: motion for name, motion in found.items() if motion is not None}
    characters = _parse_characters(document.get("characters"), emotions, latent_dim, drawn)
    taken = emotions if characters is None else emotions + characters.names
    return Axes(default, usable, characters, _parse_attributes(document.get("attributes", []), taken, latent_dim))


def axes_document(axes: Axes, latent_dim: int, facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the content of `axes.json` for methods and characters. It is the inverse of `parse_axes`.

    `facts` describe the fit of each method and of `characters`. Only people and reports read them.
    """
    document: dict[str, Any] = {
        "schema_version": AXES_SCHEMA_VERSION,
        "emotions": list(axes.methods[axes.default].names),
        "latent_dim": latent_dim,
        "default": axes.default,
        "methods": {name: _motion_entry(motion, facts[name]) for name, motion in axes.methods.items()},
    }
    if axes.characters is not None:
        characters = _motion_entry(axes.characters, facts["characters"])
        document["characters"] = {"names": list(axes.characters.names), **characters}
    return document


def attribute_entry(attribute: ToLevel, kind: str, **facts: Any) -> dict[str, Any]:
    """Return the entry of an attribute for the list `attributes` in `axes.json`."""
    return {
        "name": attribute.name,
        "kind": kind,
        "direction": attribute.direction.tolist(),
        "levels": list(attribute.levels),
        **facts,
    }


def _motion_entry(motion: FittedMotion, fitted: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "directions": motion.directions.tolist(),
        "max_strength": motion.lengths.tolist(),
        "keep_norm": isinstance(motion, StraightLines) and motion.keep_norm,
        "fitted": dict(fitted),
    }
    if isinstance(motion, BetweenCentres):
        entry["centres"] = {key: values.tolist() for key, values in vars(motion.centres).items()}
    if isinstance(motion, ToEnds):
        entry |= {"ends": motion.role, "keeps": motion.keeps}
    return entry


def _parse_characters(
    characters: Any, emotions: tuple[str, ...], latent_dim: int, drawn: tuple[str, ...] | None
) -> FittedMotion | None:
    if characters is None:
        return None
    given = characters.get("names") if isinstance(characters, dict) else None
    names = tuple(given) if isinstance(given, list) and all(isinstance(name, str) for name in given) else ()
    if len(set(names)) != len(names) or len(names) < 2 or (drawn is not None and names != drawn):
        raise BundleDamagedError(f"axes.json has characters {shown(given)}, the manifest draws {listed(drawn or ())}")
    if set(names) & set(emotions):
        raise BundleDamagedError(f"axes.json: characters {listed(names)} have names of emotions")
    return _parse_motion("characters", characters, names, latent_dim, without_ends)


def _parse_motion(
    name: str, method: Any, names: tuple[str, ...], latent_dim: int, finder_of: FinderOf
) -> FittedMotion | None:
    """Return the motion of a method, or None if its ends cannot be found here."""
    if not isinstance(method, dict):
        raise BundleDamagedError(f"axes.json: method {shown(name)} is not an object")
    count = len(names)
    directions = _array(name, method, "directions", (count, latent_dim), MAX_DISTANCE)
    lengths = _array(name, method, "max_strength", (count,), MAX_DISTANCE)
    centres = _parse_centres(name, method["centres"], count, latent_dim) if "centres" in method else None
    keep_norm, role, keeps = method.get("keep_norm"), method.get("ends"), method.get("keeps", False)
    if role is not None and (not isinstance(role, str) or centres is None):
        raise BundleDamagedError(f"axes.json: {name}.ends must name a role, and needs centres; not {shown(role)}")
    for key, value in (("keeps", keeps), ("keep_norm", keep_norm)):
        if not isinstance(value, bool):
            raise BundleDamagedError(f"axes.json: {name}.{key} must be true or false, not {shown(value)}")
    if (np.abs(np.linalg.norm(directions, axis=1) - 1) > _UNIT_TOLERANCE).any():
        raise BundleDamagedError(f"axes.json: the rows of {name}.directions must have length 1")
    if (lengths <= 0).any():
        raise BundleDamagedError(f"axes.json: {name}.max_strength must be above 0 for every emotion")
    if centres is None:
        return StraightLines(names, directions, lengths, bool(keep_norm))
    if role is None:
        return BetweenCentres(names, directions, lengths, centres)
    find = finder_of(name, role, bool(keeps))
    return None if find is None else ToEnds(names, directions, lengths, centres, find, bool(keeps), role)


def _parse_centres(name: str, centres: Any, count: int, latent_dim: int) -> Centres:
    if not isinstance(centres, dict):
        raise BundleDamagedError(f"axes.json: {name}.centres is not an object")
    name = f"{name}.centres"
    # In older files, which have no targets and paces, faces go to the centres at an even pace.
    centres = {"targets": centres.get("latents"), "pace": even_pace(count).tolist(), **centres}
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


def _parse_attributes(entries: Any, taken: tuple[str, ...], latent_dim: int) -> tuple[ToLevel, ...]:
    """Return the attributes in the order of the file. `taken` are names with another meaning in mixes."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BundleDamagedError("axes.json: attributes must be a list of objects")
    if len(entries) > MAX_ATTRIBUTES:
        raise BundleDamagedError(f"axes.json has over {MAX_ATTRIBUTES} attributes")
    attributes: list[ToLevel] = []
    for entry in entries:
        name = entry.get("name")
        used = (*taken, *RESERVED, *(attribute.name for attribute in attributes))
        if not isinstance(name, str) or not ATTRIBUTE.fullmatch(name) or name in used:
            raise BundleDamagedError(f"axes.json: {shown(name)} cannot be the name of an attribute, or is there twice")
        if entry.get("kind") not in KINDS:
            raise BundleDamagedError(f"axes.json: attribute {name} must be {' or '.join(KINDS)}")
        direction = _array(name, entry, "direction", (latent_dim,), MAX_DISTANCE)
        low, high = _array(name, entry, "levels", (2,), MAX_DISTANCE).tolist()
        if abs(np.linalg.norm(direction) - 1) > _UNIT_TOLERANCE or low >= high:
            raise BundleDamagedError(f"axes.json: {name}.direction must have length 1, and {name}.levels must rise")
        attributes.append(ToLevel(name, direction, (low, high)))
    return tuple(attributes)


def _array(
    name: str, method: Mapping[str, Any], key: str, shape: tuple[int | None, ...], largest: float
) -> NDArray[np.float64]:
    """Return a read-only array of this shape, with numbers from -`largest` to `largest`.

    In `shape`, None stands for any length from 1 to `MAX_KNOTS`.
    """
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
    # numpy would convert text and booleans to numbers. Integers in JSON may have hundreds of digits.
    if not all(type(item) in (int, float) and abs(item) <= largest for item in parts):
        raise BundleDamagedError(f"axes.json: {name}.{key} must be numbers from {-largest:g} to {largest:g}")
    array = np.array(parts, dtype=np.float64).reshape(lengths)
    array.setflags(write=False)
    return array


def _words(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if length is None else str(length) for length in shape)})"
