"""Finds the face in a picture, and the latent that draws it: where it lies, how it looks, and how well both fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.pictures.view import Place, View, near
from tlgan_runtime.transparency import Colour

Latents = NDArray[np.float32]
FIRST_STEP, LAST_STEP = 0.08, 0.01
"""First and last step of the search for the place of a face, as shares of its side."""
MOST_ROUNDS = 20
"""Largest number of rounds of the search. A round tries six places."""
LEAST_INSIDE = 0.6
"""Least share of a place that lies in the picture, for the search. A face could be drawn well over little of it."""
PROBE = 0.5
"""By how much a latent is changed to see what each of its numbers draws, in standard deviations of the prior."""


@dataclass(frozen=True, eq=False)
class Inversion:
    """The face that was found in a picture."""

    z: Latents
    """(1, latent_dim): the latent that draws the face."""
    box: tuple[float, float, float, float]
    """The square where the face lies, which may reach beyond the picture: left, top, width and height in pixels."""
    residual: NDArray[np.int16]
    """(R, R, 3): the picture in the box minus the drawn face, in levels from -255 to 255."""
    fit: float
    """How well the picture belongs to the bundle, from 0 to 1: the share of test pictures that fit worse."""

    @property
    def error(self) -> float:
        """The mean squared residual, where levels are from 0 to 1."""
        return float(np.square(self.residual.astype(np.float64) / 255).mean())


@dataclass(frozen=True)
class Codec:
    """What takes pictures to latents and back, uint8 (N, R, R, 3) and float32 (N, latent_dim)."""

    size: int
    """R, in pixels."""
    behind: Colour
    encode: Callable[[Pixels], Latents]
    draw: Callable[[Latents], Pixels]


@dataclass(frozen=True, eq=False)
class Found:
    """A face that was looked for at one place."""

    place: Place
    z: Latents
    """(1, latent_dim)."""
    seen: Pixels
    """(R, R, 3), what the picture shows there."""
    drawn: Pixels
    """(R, R, 3), the face that z draws."""
    inside: NDArray[np.bool_]
    """(R, R), which pixels of the place lie in the picture."""

    @property
    def error(self) -> float:
        """Mean squared difference inside the picture, where levels are from 0 to 1."""
        return float(_error(self.seen, self.drawn, self.inside))


def squared(seen: Pixels, drawn: Pixels) -> NDArray[np.float64]:
    """Return the mean squared difference of pictures (..., R, R, 3), where levels are from 0 to 1."""
    difference = (seen.astype(np.float32) - drawn.astype(np.float32)) / 255
    means: NDArray[np.float64] = np.square(difference).mean(axis=(-3, -2, -1), dtype=np.float64)
    return means


def look(view: View, places: Sequence[Place], codec: Codec) -> Found:
    """Return the face at that one of some places where it is drawn best."""
    seen = np.stack([view.square(place, codec.size, codec.behind) for place in places])
    inside = np.stack([view.inside(place, codec.size) for place in places])
    z = codec.encode(seen)
    drawn = codec.draw(z)
    if not inside.all():
        # What lies beyond the picture is not known. It is taken from the face that the rest shows.
        seen = np.where(inside[..., None], seen, drawn)
        z = codec.encode(seen)
        drawn = codec.draw(z)
        seen = np.where(inside[..., None], seen, drawn)
    best = int(np.argmin(_error(seen, drawn, inside)))
    return Found(places[best], z[best : best + 1], seen[best], drawn[best], inside[best])


def searched(view: View, start: Found, codec: Codec) -> Found:
    """Return the face at the place near `start` where it is drawn best: a pattern search over place and size."""
    best, step = start, FIRST_STEP
    for _ in range(MOST_ROUNDS):
        least = min(LEAST_INSIDE, float(best.inside.mean()))
        places = [place for place in near(best.place, step) if view.inside(place, codec.size).mean() >= least]
        found = look(view, places, codec) if places else best
        if found.error < best.error:
            best = found
            continue
        step /= 2
        if step < LAST_STEP:
            break
    return best


def refined(found: Found, codec: Codec, steps: int = 1, stay: float = 1.0) -> Found:
    """Return the face with a latent that draws it better: steps of Gauss-Newton, damped towards the latent so far.

    What each number of the latent draws is measured by small changes, so no gradients of the generator are needed.
    A step that does not make the error smaller is halved, twice at most, and then left out.
    """
    dimensions = found.z.shape[1]
    for _ in range(steps):
        probes = codec.draw(found.z + PROBE * np.eye(dimensions, dtype=np.float32))
        base = found.drawn.astype(np.float32).ravel()
        known = np.repeat(found.inside.ravel(), 3)  # what lies beyond the picture is not known
        slopes = (probes.reshape(dimensions, -1).astype(np.float32) - base) * known / (PROBE * 255)
        wanted = (found.seen.astype(np.float32).ravel() - base) / 255
        curvature = slopes @ slopes.T
        damped = curvature + stay * np.eye(dimensions, dtype=np.float32)
        change = np.linalg.solve(damped, slopes @ wanted).astype(np.float32)
        tried = found.z + np.array([1.0, 0.5, 0.25], np.float32)[:, None] * change
        drawn = codec.draw(tried)
        errors = _error(found.seen, drawn, found.inside)
        best = int(np.argmin(errors))
        if errors[best] >= found.error:
            break
        found = Found(found.place, tried[best : best + 1], found.seen, drawn[best], found.inside)
    return found


def _error(seen: Pixels, drawn: Pixels, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean squared difference (...) of pictures (..., R, R, 3) in the pixels that are `inside`."""
    share = np.maximum(inside.mean(axis=(-2, -1)), 1e-3)
    errors: NDArray[np.float64] = squared(seen, np.where(inside[..., None], drawn, seen)) / share
    return errors


def share_above(value: float, mean: float, deviation: float) -> float:
    """Return the share of a normal distribution above a value."""
    return 0.5 * math.erfc((value - mean) / (deviation * math.sqrt(2)))
