"""Mixes: what a face is moved by, as names and strengths from outside become the vectors that moves take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime import latent
from tlgan_runtime.attributes import Attribute
from tlgan_runtime.axes import AxisSet
from tlgan_runtime.errors import InputError
from tlgan_runtime.timeline import Keyframes, check_keyframes, parse_timeline
from tlgan_runtime.validation import one_of, real

Mix = Mapping[str, float]
"""Strengths by name: 0 none, 1 the full effect, negative less of it."""

CHARACTER = "character"
"""What a list of things to keep calls the character."""
LEAST_LEFT = 0.05
"""Share of a direction that has to be left beside those kept."""
MAX_STRENGTH = 10.0
"""Ten times the full effect: far outside anything that a generator was trained on."""


class Kept(NamedTuple):
    """What a move is to leave as it is."""

    emotions: NDArray[np.bool_]
    """(E,)."""
    besides: NDArray[np.float64]
    """Orthonormal rows (K, latent_dim) along which the character and attributes change."""
    all: NDArray[np.float64]
    """The same of emotions, too."""


def check_mix(mix: Mix, names: Sequence[str]) -> NDArray[np.float64]:
    """Strengths (len(names),) of a mix; raises `InputError` for unknown names and strengths out of range."""
    if not isinstance(mix, Mapping) or not mix:
        raise InputError(f'a mix names emotions and strengths, for example {{"joy": 0.8}}, not {mix!r}')
    vector = np.zeros(len(names))
    for name, strength in mix.items():
        row = names.index(one_of("emotion", name, names))
        vector[row] = real(f"the strength of {name}", strength, -MAX_STRENGTH, MAX_STRENGTH)
    return vector


def check_columns(emotion: str | Mix | Sequence[str | Mix], names: Sequence[str]) -> NDArray[np.float64]:
    """(C, len(names)) full strengths of each column that a name, a mix or several of them ask for."""
    several = [emotion] if isinstance(emotion, str | Mapping) else list(emotion)
    if not several:
        raise InputError(f"name at least one emotion ({', '.join(names)}) or all")
    return np.stack([check_mix({one: 1.0} if isinstance(one, str) else one, names) for one in several])


def check_timeline(timeline: str | Keyframes, names: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds (K,) and strengths (K, len(names)) of the keyframes of a text or of pairs of seconds and mix."""
    pairs = parse_timeline(timeline) if isinstance(timeline, str) else check_keyframes(timeline)
    still = np.zeros(len(names))
    keys = [still if mix == {} else check_mix(mix, names) for _, mix in pairs]
    return np.array([time for time, _ in pairs]), np.stack(keys)


def check_keep(
    keep: Sequence[str],
    strengths: NDArray[np.float64],
    axes: AxisSet,
    characters: AxisSet | None,
    attributes: Sequence[Attribute] = (),
) -> Kept:
    """What names to keep stand for: emotions and attributes, and the character.

    Raises `InputError` for unknown names, and where next to nothing is left of a move by `strengths` (E + C + A,).
    """
    if isinstance(keep, str):
        raise InputError(f"keep is a list of names, for example [{keep!r}]")
    rows = [axes.directions[:0]]
    added = {attribute.name: attribute.direction[None] for attribute in attributes}
    for name in keep:
        one_of("kept feature", name, [CHARACTER, *axes.emotions, *added])
        if name in added:
            rows.append(added[name])
        elif name == CHARACTER and characters is not None:  # where only one is drawn, it stays by itself
            rows.append(characters.directions)
    emotions, besides = np.isin(axes.emotions, list(keep)), np.concatenate(rows)
    along = np.concatenate([besides, axes.directions[emotions]])
    kept = Kept(emotions, latent.basis(besides), latent.basis(along))
    others = [] if characters is None else [characters.directions]
    directions = np.concatenate([axes.directions, *others, *added.values()])
    wanted = directions[strengths != 0]
    if len(kept.all) and len(wanted):
        left = np.linalg.norm(wanted - wanted @ kept.all.T @ kept.all, axis=1)
        if left.min() < LEAST_LEFT:
            raise InputError(
                f"keeping {', '.join(keep)} leaves next to nothing of the move: what is moved cannot be kept, nor can "
                "all other emotions at once"
            )
    return kept


def apply_mix(
    z: NDArray[np.float32],
    axes: AxisSet,
    characters: AxisSet | None,
    strengths: NDArray[np.float64],
    kept: Kept,
    attributes: Sequence[Attribute] = (),
) -> NDArray[np.float32]:
    """Latents (N, latent_dim) moved by strengths (..., E + C + A) of emotions, `characters` and `attributes`.

    Nothing of the way leads along the axes of what is `kept`; emotions are left to ends that keep them.
    """
    count, moved = len(axes.emotions), z
    first = count  # of the attributes
    if characters is not None:
        first += len(characters.emotions)
        moved = latent.move(moved, characters, strengths[..., count:first])
    for index, attribute in enumerate(attributes, start=first):
        moved = attribute.move(moved, strengths[..., index])
    start = latent.hold(z, moved, kept.all)
    moved = latent.move(start, axes, strengths[..., :count], kept.emotions)
    # Ends are for more of an emotion; less of one has none.
    left_to_ends = axes.keeps and not (strengths[..., :count] < 0).any()
    return latent.hold(start, moved, kept.besides if left_to_ends else kept.all)
