"""Mixes: faces moved by emotions, characters and attributes at once, with some of these kept as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.errors import InputError
from tlgan_runtime.latent.attribute import Attribute
from tlgan_runtime.latent.axes import AxisSet
from tlgan_runtime.latent.motion import Way, along, basis, hold, move
from tlgan_runtime.latent.names import CHARACTER
from tlgan_runtime.messages import listed, shown
from tlgan_runtime.validation import known_name, nearest

LEAST_LEFT = 0.05
"""Share of a direction that has to be left once what is kept is taken out of it."""


class Kept(NamedTuple):
    """What a move is to leave as it is."""

    emotions: NDArray[np.bool_]
    """(E,)."""
    besides: NDArray[np.float64]
    """Orthonormal rows (K, latent_dim) along which the character and attributes change."""
    all: NDArray[np.float64]
    """The same of emotions, too."""


class Motions(NamedTuple):
    """Everything that moves faces, in the order of strengths."""

    emotions: AxisSet
    characters: AxisSet | None
    """From one drawn character to another; None where there is only one."""
    attributes: Sequence[Attribute]

    @property
    def names(self) -> list[str]:
        """In the order of the rows of `directions`."""
        characters = () if self.characters is None else self.characters.emotions
        return [*self.emotions.emotions, *characters, *(attribute.name for attribute in self.attributes)]

    @property
    def directions(self) -> NDArray[np.float64]:
        """(E + C + A, latent_dim)."""
        characters = [] if self.characters is None else [self.characters.directions]
        added = [attribute.direction[None] for attribute in self.attributes]
        return np.concatenate([self.emotions.directions, *characters, *added])


def check_keep(keep: Sequence[str], strengths: NDArray[np.float64], motions: Motions) -> Kept:
    """What names to keep stand for: emotions and attributes, and the character.

    `strengths` (..., E + C + A) are all that faces are moved by. Raises `InputError` for unknown names, and where next
    to nothing is left of one of these moves. What is not moved at all may be kept, so a strength of exactly 0 is
    allowed where the smallest other one is not.
    """
    if isinstance(keep, str) or not isinstance(keep, Sequence | set | frozenset):
        raise InputError(f'keep is a list of names, for example ["{motions.emotions.emotions[0]}"], not {shown(keep)}')
    axes, characters = motions.emotions, motions.characters
    added = {attribute.name: attribute.direction[None] for attribute in motions.attributes}
    known = [CHARACTER, *axes.emotions, *added]
    rows, names = [axes.directions[:0]], []
    for given in keep:
        if (name := known_name(given, known)) is None:
            attributes = f"; attributes: {listed(added)}" if added else ""
            raise InputError(
                f"cannot keep {shown(given)}{nearest(given, known)} (what can be kept: {CHARACTER}; "
                f"emotions: {listed(axes.emotions)}{attributes})"
            )
        names.append(name)
        if name in added:
            rows.append(added[name])
        elif name == CHARACTER and characters is not None:  # where only one is drawn, it stays by itself
            rows.append(characters.directions)
    emotions, besides = np.isin(axes.emotions, names), np.concatenate(rows)
    kept = Kept(emotions, basis(besides), basis(np.concatenate([besides, axes.directions[emotions]])))
    moving = np.abs(strengths).reshape(-1, strengths.shape[-1]).any(axis=0)
    if len(kept.all) and moving.any():
        wanted = motions.directions[moving]
        left = np.linalg.norm(wanted - along(wanted, kept.all), axis=1)
        if left.min() < LEAST_LEFT:
            spoilt = motions.names[np.flatnonzero(moving)[left.argmin()]]
            raise InputError(
                f"cannot keep {listed(names)} in a move by {spoilt}: next to nothing of that move would be left, since "
                "it changes what is to be kept; keep something else, or less"
            )
    return kept


class Move:
    """Faces and what moves them: `at` gives them at any strengths.

    What does not depend on the strengths is worked out once, and lives as long as this object. So one object serves
    one call (a move, a walk, a timeline), and threads that share a `CheerMeUp` do not share it.
    """

    def __init__(self, z: NDArray[np.float32], motions: Motions, kept: Kept, strengths: NDArray[np.float64]) -> None:
        """`z` (N, latent_dim); `strengths` (..., E + C + A) are all that `at` will be asked for."""
        self._z = z.copy()  # the caller may write to `z` while frames are taken
        self._motions = motions
        self._kept = kept
        count = len(motions.emotions.emotions)
        self._wanted: NDArray[np.bool_] = np.any(strengths.reshape(-1, strengths.shape[-1])[:, :count] > 0, axis=0)
        self._way = Way(self._z, motions.emotions, self._wanted, kept.emotions)

    def at(self, strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """Latents (N, latent_dim) moved by strengths (E + C + A,) or (N, E + C + A): by characters first, then by
        attributes, then by emotions.

        Nothing of the way leads along the axes of what is kept. Where ends keep emotions by themselves, the part of the
        way that leads towards ends is left to them. The part that leads away from emotions has no ends, so there the
        axes of kept emotions are taken out as well. Each part is held by itself, whatever the other is, so a small
        change of a strength is always a small move.
        """
        axes, kept = self._motions.emotions, self._kept
        way = self._from(self._base(strengths))
        moved, away = way.parts(strengths[..., : len(axes.emotions)])
        if axes.keeps and axes.find_ends is not None:
            rest: NDArray[np.float64] = along(away, kept.all) - along(away, kept.besides)
            held = (hold(way.start, moved, kept.besides) - rest).astype(np.float32)
        else:
            held = hold(way.start, moved, kept.all)
        still = ~np.broadcast_to(strengths, (len(held), strengths.shape[-1])).any(axis=1, keepdims=True)
        return np.where(still, self._z, held)

    def _base(self, strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """The faces as they are before emotions move them."""
        characters, moved, first = self._motions.characters, self._z, len(self._motions.emotions.emotions)
        if characters is not None:
            last = first + len(characters.emotions)
            moved = move(moved, characters, strengths[..., first:last])
            first = last
        for index, attribute in enumerate(self._motions.attributes, start=first):
            moved = attribute.move(moved, strengths[..., index])
        return hold(self._z, moved, self._kept.all)

    def _from(self, base: NDArray[np.float32]) -> Way:
        """The way from these faces; a new one only where characters or attributes have changed them."""
        if not np.array_equal(base, self._way.start):
            self._way = Way(base, self._motions.emotions, self._wanted, self._kept.emotions)
        return self._way
