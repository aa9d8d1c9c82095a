"""Labels that programs ask for, as mixes of the seven emotions that the built-in characters have.

The 28 labels are those of the data set GoEmotions (Demszky et al. 2020), which SillyTavern reads in messages.
"""

from __future__ import annotations

from dataclasses import dataclass

from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import shown

RECIPES: dict[str, dict[str, float]] = {
    "admiration": {"joy": 0.5, "surprise": 0.2},
    "amusement": {"joy": 0.6},
    "anger": {"anger": 1.0},
    "annoyance": {"anger": 0.5},
    "approval": {"joy": 0.4},
    "caring": {"joy": 0.35},
    "confusion": {"surprise": 0.5, "fear": 0.3},
    "curiosity": {"surprise": 0.4},
    "disappointment": {"sadness": 0.5},
    "disapproval": {"disgust": 0.5},
    "disgust": {"disgust": 1.0},
    "excitement": {"joy": 0.8, "surprise": 0.5},
    "fear": {"fear": 1.0},
    "gratitude": {"joy": 0.5},
    "grief": {"sadness": 1.0},
    "joy": {"joy": 1.0},
    "nervousness": {"fear": 0.5},
    "neutral": {"neutral": 1.0},
    "optimism": {"joy": 0.45},
    "realization": {"surprise": 0.6},
    "relief": {"joy": 0.3},
    "remorse": {"sadness": 0.7, "fear": 0.2},
    "sadness": {"sadness": 1.0},
    "surprise": {"surprise": 1.0},
}
STAND_INS: dict[str, dict[str, float]] = {
    "desire": {"joy": 0.5},
    "embarrassment": {"fear": 0.4},
    "love": {"joy": 0.7},
    "pride": {"joy": 0.5},
}
"""Labels that no mix of these emotions shows honestly, with the nearest mix."""


@dataclass(frozen=True)
class Label:
    """A picture that is wanted: its name, and the mix that it shows."""

    name: str
    mix: dict[str, float]


def bundle_labels(emotions: list[str]) -> list[Label]:
    """Return a label for each emotion of a bundle."""
    return [Label(name, {name: 1.0}) for name in emotions]


def program_labels(emotions: list[str]) -> tuple[list[Label], list[str], list[str]]:
    """Return the labels of `RECIPES` and `STAND_INS` that a bundle can show, and its other emotions.

    Returns the labels in the order of their names; the names of those that only have a stand-in; and the names of those
    that need emotions which the bundle lacks.
    """
    known = RECIPES | STAND_INS
    possible = {name: mix for name, mix in known.items() if mix.keys() <= set(emotions)}
    own = {name: {name: 1.0} for name in emotions if name not in possible}
    labels = [Label(name, mix) for name, mix in sorted((possible | own).items())]
    return labels, [name for name in STAND_INS if name in possible], sorted(known.keys() - possible.keys())


def read_recipe(document: object) -> list[Label]:
    """Return the labels of a JSON object such as `{"smirk": {"joy": 0.4, "disgust": 0.2}}`.

    Raises `InputError` for anything else. Whether a bundle has the emotions is checked where faces are moved.
    """
    if not isinstance(document, dict) or not document:
        raise InputError('a recipe is a JSON object such as {"smirk": {"joy": 0.4}}')
    for name, mix in document.items():
        if not isinstance(mix, dict) or not all(_is_number(value) for value in mix.values()):
            raise InputError(f'the recipe of {shown(name)} must be an object such as {{"joy": 0.4}}, not {shown(mix)}')
    return [Label(name, {key: float(value) for key, value in mix.items()}) for name, mix in document.items()]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
