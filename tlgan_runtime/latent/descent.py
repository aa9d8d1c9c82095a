"""Better ends by gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

STEPS = 10
"""Gradient steps to an end."""
STEP = 0.1
"""Distance of a step for a gradient of length 1, standard deviations of the prior; the last steps are shorter."""
LONGEST = 0.5
"""No step is longer, however steep the gradient."""
MOMENTUM = 0.8
"""Share of the last step that the next one goes on with."""
STAY = 0.02
"""Weight of the squared distance from where the search began, beside the cross-entropy of what is wanted."""
ENOUGH = 0.999
"""A face that shows its emotion with this probability is not pushed any further."""


class Pull(NamedTuple):
    """What a gradient graph says of N latents."""

    gradient: NDArray[np.float32]
    """(N, latent_dim) of the cross-entropy of the wanted probabilities."""
    emotion: NDArray[np.float32]
    """(N, E) probabilities."""
    character: NDArray[np.float32]
    """(N, C) probabilities."""


Gradient = Callable[[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]], Pull]
"""Latents (N, latent_dim), wanted probabilities of emotions (N, E) and of characters (N, C) → `Pull`; a row of zeros
wants nothing."""


def follow(
    z: NDArray[np.float32],
    ends: NDArray[np.float64],
    wanted: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    characters: int,
    gradient: Gradient,
) -> NDArray[np.float64]:
    """`ends` (N, E, latent_dim) of faces `z` (N, latent_dim), those of the `wanted` emotions (E,) made better.

    Gradient descent on the cross-entropy of the emotion and of the character that the face has, plus `STAY` times the
    squared distance from the end that it began at. Emotions that are `kept` (E,) are to have the probability that the
    face begins with, and the wanted one the rest. What was best on the way is kept.
    """
    count, dim = len(z), z.shape[1]
    chosen = np.flatnonzero(wanted)
    rows = len(chosen) * count
    begin = ends[:, chosen].transpose(1, 0, 2).reshape(rows, dim)
    nothing = np.zeros((count, len(wanted)), np.float32), np.zeros((count, characters), np.float32)
    before = gradient(z, *nothing)
    staying, character = (np.tile(seen, (len(chosen), 1)) for seen in (before.emotion * kept, before.character))
    asked = np.repeat(np.eye(len(wanted), dtype=np.float32)[chosen], count, axis=0)
    asked = staying + (1 - staying.sum(axis=1, keepdims=True)) * asked
    place, speed = begin.copy(), np.zeros_like(begin)
    best, least = begin.copy(), np.full(rows, np.inf)
    short = np.ones((rows, 1), np.float32)
    for step in range(STEPS + 1):
        pull = gradient(place.astype(np.float32), asked * short, character)
        missing = _entropy(asked, pull.emotion)
        loss = STAY * np.square(place - begin).sum(axis=1) + _entropy(character, pull.character)
        loss += np.maximum(missing, -np.log(ENOUGH))
        better = loss < least
        best[better], least[better] = place[better], loss[better]
        short = (missing > -np.log(ENOUGH)).astype(np.float32)[:, None]
        slope = pull.gradient + 2 * STAY * (place - begin)
        speed = MOMENTUM * speed - STEP * slope
        length = np.linalg.norm(speed, axis=1, keepdims=True)
        speed *= np.minimum(1.0, LONGEST / np.maximum(length, 1e-12))
        place = place + (1 - step / (STEPS + 1)) * speed
    better_ends = ends.copy()
    better_ends[:, chosen] = best.reshape(len(chosen), count, dim).transpose(1, 0, 2)
    return better_ends


def _entropy(wanted: NDArray[np.float32], seen: NDArray[np.float32]) -> NDArray[np.float64]:
    """Kullback–Leibler divergence (N,) of what is seen from what is wanted."""
    ratio = np.log(np.maximum(wanted, 1e-12).astype(np.float64) / np.maximum(seen, 1e-12))
    entropy: NDArray[np.float64] = (wanted * ratio).sum(axis=1)
    return entropy
