"""Reads `axes.json` and checks every number in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.errors import BundleDamagedError
from tlgan_runtime.latent.attribute import KINDS, NAME, Attribute
from tlgan_runtime.latent.axes import Axes, AxisSet
from tlgan_runtime.latent.centres import Centres
from tlgan_runtime.latent.names import RESERVED, is_plain
from tlgan_runtime.messages import listed, shown

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
