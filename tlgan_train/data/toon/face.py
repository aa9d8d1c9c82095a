"""One face: who, which expression, and the factors that are known about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tlgan_train.data.toon.characters import CHARACTERS
from tlgan_train.data.toon.expression import EMOTIONS, INTENSITY, Expression, sample_expression

STREAMS = ("train", "validation", "test")

FACTOR_RANGES: dict[str, tuple[float, float]] = {
    "intensity": (0.0, INTENSITY[1]),
    "yaw": (-16.0, 16.0),
    "pitch": (-9.0, 9.0),
    "roll": (-9.0, 9.0),
    "scale": (0.95, 1.05),
    "gaze_x": (-1.0, 1.0),
    "gaze_y": (-1.0, 1.0),
    "blink": (0.0, 0.4),
    "light": (-1.0, 1.0),
}
"""Lowest and highest value of each factor; what they mean stands in `Face`."""

FACTORS = tuple(FACTOR_RANGES)


@dataclass(frozen=True)
class Face:
    """A face that can be drawn; left and right are the viewer's."""

    character: str
    emotion: str
    expression: Expression
    intensity: float = 0.0
    """Strength of the emotion relative to its prototype, 0.4 to 1.1; 0 for neutral. Already within `expression`."""
    yaw: float = 0.0
    """Head turned to the right, degrees."""
    pitch: float = 0.0
    """Head raised, degrees."""
    roll: float = 0.0
    """Head tilted clockwise, degrees."""
    scale: float = 1.0
    """Size of the head, 1 = normal."""
    gaze_x: float = 0.0
    """Eyes turned to the right, 1 = as far as they go."""
    gaze_y: float = 0.0
    """Eyes turned down, 1 = as far as they go."""
    blink: float = 0.0
    """How far the upper lids have fallen on their way to closed, 0 = not at all, 1 = closed."""
    light: float = 0.0
    """Brightness of the light on the figure, not on the background; -1 = dimmest, 1 = brightest."""

    def factors(self) -> tuple[float, ...]:
        """The values of `FACTORS`, in that order."""
        return tuple(getattr(self, name) for name in FACTORS)


def sample_face(character: str, emotion: str, n: int, *, stream: str = "train", seed: int = 0) -> Face:
    """The n-th face of a class, the same on every machine; faces of different streams are independent.

    Poses are normal around the frontal view, cut at the ends of `FACTOR_RANGES`; most blinks are slight.
    """
    for kind, name, known in (
        ("character", character, CHARACTERS),
        ("emotion", emotion, EMOTIONS),
        ("stream", stream, STREAMS),
    ):
        if name not in known:
            raise ValueError(f"unknown {kind} {name!r}; known: {', '.join(known)}")
    if n < 0 or seed < 0:
        raise ValueError(f"n and seed must be 0 or more, not {min(n, seed)}")
    rng = np.random.default_rng([seed, STREAMS.index(stream), CHARACTERS.index(character), EMOTIONS.index(emotion), n])
    intensity = rng.uniform(*INTENSITY)
    expression = sample_expression(emotion, intensity, rng)

    def around(middle: float, spread: float, factor: str) -> float:
        low, high = FACTOR_RANGES[factor]
        return min(max(rng.normal(middle, spread), low), high)

    return Face(
        character=character,
        emotion=emotion,
        expression=expression,
        intensity=0.0 if emotion == "neutral" else intensity,
        yaw=around(0.0, 7.0, "yaw"),
        pitch=around(0.0, 3.5, "pitch"),
        roll=around(0.0, 3.5, "roll"),
        scale=around(1.0, 0.02, "scale"),
        gaze_x=around(0.0, 0.35, "gaze_x"),
        gaze_y=around(0.0, 0.3, "gaze_y"),
        blink=FACTOR_RANGES["blink"][1] * rng.random() ** 6,
        light=around(0.0, 0.5, "light"),
    )
