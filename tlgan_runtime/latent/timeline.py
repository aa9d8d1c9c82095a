"""Read timelines, which are mixes of emotions at given times, from text or pairs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tlgan_runtime.errors import InputError
from tlgan_runtime.latent.names import START
from tlgan_runtime.messages import shown
from tlgan_runtime.validation import real

Keyframes = Sequence[tuple[float, Mapping[str, float]]]
"""(seconds, mix) pairs in the order of time. An empty mix is the face as it is."""

EXAMPLE = "neutral, joy:0.8@1s, joy:0.5+surprise:0.5@2s, neutral@3s"
MIN_GAP, MAX_SECONDS = 0.02, 600.0
"""Smallest number of seconds between keyframes, because of players, and largest number for a whole timeline."""

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_SECONDS = re.compile(rf"({_NUMBER})\s*s?")
_STRENGTH = re.compile(_NUMBER)


def parse_timeline(text: str) -> Keyframes:
    """Parse `neutral, joy:0.8@1s, joy:0.5+surprise:0.5@2s` -> [(0, {neutral: 1}), (1, {joy: 0.8}), (2, {...})].

    Commas separate keyframes. A keyframe has emotions joined by `+`, each with a strength (1 by default), and a time in
    seconds, which only the first keyframe may omit. `start` is the face as it is. Raises `InputError`, which shows the
    part that cannot be read. The names of emotions are not checked here.
    """
    return check_keyframes([_keyframe(part.strip(), first=index == 0) for index, part in enumerate(text.split(","))])


def check_keyframes(keyframes: Any) -> Keyframes:
    """Check that `keyframes` are pairs of seconds and mix whose times rise from 0, and return them.

    Raises `InputError` if they are not.
    """
    pairs: list[tuple[float, Any]] = []
    try:
        for given, mix in keyframes:
            time = real("the time of a keyframe", given, 0, MAX_SECONDS)
            if not pairs and time != 0:
                raise InputError(f"a timeline starts at 0s, not at {time:g}s: begin it with start@0s, for example")
            if pairs and time - pairs[-1][0] < MIN_GAP:
                raise InputError(
                    f"the keyframe at {time:g}s must come {MIN_GAP:g}s or more after the one at {pairs[-1][0]:g}s "
                    "before it"
                )
            pairs.append((time, mix))
    except InputError:
        raise
    except (TypeError, ValueError):
        raise InputError(
            f'a timeline is text, or pairs of seconds and mix, for example [(0, {{}}), (1, {{"joy": 0.8}})], '
            f"not {shown(keyframes)}"
        ) from None
    if len(pairs) < 2:
        raise InputError(f"a timeline needs two keyframes or more, for example {EXAMPLE}")
    return pairs


def _keyframe(part: str, first: bool) -> tuple[float, dict[str, float]]:
    mix_text, at, time_text = (piece.strip() for piece in part.partition("@"))
    seconds = _SECONDS.fullmatch(time_text)
    if at and seconds is None:
        raise _unreadable(part, f"{shown(time_text)} is not a time in seconds")
    if not at and not first:
        raise _unreadable(part, "it has no time")
    mix: dict[str, float] = {}
    for term in mix_text.split("+") if mix_text != START else ():
        name, colon, strength = (piece.strip() for piece in term.partition(":"))
        if not name:
            raise _unreadable(part, "an emotion is missing")
        if name == START:
            raise _unreadable(part, f"{START} is the face as it is and takes no strength and no other emotion")
        if name in mix:
            raise _unreadable(part, f"{shown(name)} is there twice")
        if colon and _STRENGTH.fullmatch(strength) is None:
            raise _unreadable(part, f"{shown(strength)} is not a strength")
        mix[name] = float(strength) if colon else 1.0
    return float(seconds[1]) if seconds else 0.0, mix


def _unreadable(part: str, why: str) -> InputError:
    return InputError(f"cannot read {shown(part)} in the timeline: {why}; write it as in {EXAMPLE!r}")
