"""Vocabulary: the names that mixes may use. It converts mixes and timelines to vectors of strengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.errors import InputError
from tlgan_runtime.latent.names import ALL
from tlgan_runtime.latent.timeline import Keyframes, check_keyframes, parse_timeline
from tlgan_runtime.messages import listed, shown
from tlgan_runtime.validation import known_name, nearest, real

Mix = Mapping[str, float]
"""Strengths by name: 0 for no effect, 1 for the full effect, negative for less."""

MAX_STRENGTH = 10.0
"""Ten times the full effect, which is far outside the training range of any generator."""
MOST_COLUMNS = 512
"""Largest number of moves side by side. More do not fit into a picture."""


class Vocabulary(NamedTuple):
    """The names by which faces can move. Strengths are in this order: emotions, characters, attributes."""

    emotions: tuple[str, ...]
    characters: tuple[str, ...]
    """Characters that a face can become; none if the bundle draws only one."""
    attributes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of strengths."""
        return self.emotions + self.characters + self.attributes

    def find(self, name: Any) -> int:
        """Return the index of a name among strengths. Raises `InputError`, which lists all names, if it is unknown."""
        names = self.names
        known = known_name(name, names)
        if known is None:
            raise InputError(f"unknown {self._kinds()} {shown(name)}{nearest(name, names)} ({self.listed()})")
        return names.index(known)

    def listed(self) -> str:
        """Return the names of each kind, for a message."""
        kinds = zip(self._fields, self, strict=True)
        return "; ".join(f"{kind}: {listed(names)}" for kind, names in kinds if names)

    def strengths(self, mix: Any) -> NDArray[np.float64]:
        """Return the strengths (K,) of a mix. Raises `InputError` for unknown names and strengths out of range."""
        if not isinstance(mix, Mapping) or not mix:
            raise InputError(
                f'a mix holds strengths by name, for example {{"{self.emotions[0]}": 0.8}}, not {shown(mix)}'
            )
        vector = np.zeros(len(self.names))
        rows = {name: self.find(name) for name in mix}
        if len(set(rows.values())) < len(rows):
            raise InputError(f"a mix holds a name twice, in two Unicode forms: {', '.join(map(ascii, rows))}")
        for name, row in rows.items():
            vector[row] = real(f"the strength of {name}", mix[name], -MAX_STRENGTH, MAX_STRENGTH)
        return vector

    def wanted(
        self, strengths: NDArray[np.float64], characters: Sequence[str]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Mark emotions (E,) and `characters` (C,) with a strength above 0. Raises `InputError` if there are none."""
        first = len(self.emotions)
        named = {name for name, strength in zip(self.characters, strengths[first:], strict=False) if strength > 0}
        wanted = strengths[:first] > 0, np.array([name in named for name in characters])
        if not any(map(np.any, wanted)):
            raise InputError("until needs an emotion with a strength above 0, whose probability the face must reach")
        return wanted

    def columns(self, emotion: str | Mix | Sequence[str | Mix]) -> NDArray[np.float64]:
        """Return the full strengths (C, K) of each column, for a name, a mix, a list of these, or `all`."""
        if isinstance(emotion, str | Mapping):
            emotion = [emotion]
        if not isinstance(emotion, Sequence) or len(emotion) > MOST_COLUMNS:
            raise InputError(
                f"emotion is a name, a mix or a list of up to {MOST_COLUMNS} of these, not {shown(emotion)}"
            )
        several = list(self.emotions) if list(emotion) == [ALL] else list(emotion)
        if not several:
            raise InputError(f"name at least one emotion, or all ({self.listed()})")
        return np.stack([self.strengths({one: 1.0} if isinstance(one, str) else one) for one in several])

    def keyframes(self, timeline: str | Keyframes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return seconds (T,) and strengths (T, K) of a timeline, given as text or as pairs of seconds and mix."""
        pairs = parse_timeline(timeline) if isinstance(timeline, str) else check_keyframes(timeline)
        still = np.zeros(len(self.names))
        keys = [still if isinstance(mix, Mapping) and not mix else self.strengths(mix) for _, mix in pairs]
        return np.array([time for time, _ in pairs]), np.stack(keys)

    def _kinds(self) -> str:
        """Return the kinds that exist, for example `emotion`, or `emotion, character or attribute`."""
        *others, last = [kind[:-1] for kind, names in zip(self._fields, self, strict=True) if names]
        return f"{', '.join(others)} or {last}" if others else last
