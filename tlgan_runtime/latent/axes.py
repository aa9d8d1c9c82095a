"""The motions of a bundle, by method, and those that one call mixes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.latent.centres import FittedMotion
from tlgan_runtime.latent.motions import Motion, ToLevel


@dataclass(frozen=True, eq=False)
class Motions:
    """The motions that one call mixes. Strengths are in this order: emotions, characters, attributes."""

    emotions: Motion
    characters: Motion | None
    """Motion between drawn characters; None if there is only one."""
    attributes: tuple[ToLevel, ...]

    @property
    def all(self) -> tuple[Motion, ...]:
        """All motions, in the order of strengths."""
        return (self.emotions, *(() if self.characters is None else (self.characters,)), *self.attributes)

    @property
    def names(self) -> tuple[str, ...]:
        """The E + C + A names, in the order of strengths."""
        return tuple(name for motion in self.all for name in motion.names)

    @property
    def directions(self) -> NDArray[np.float64]:
        """(E + C + A, latent_dim), rows of length 1, in the order of strengths."""
        return np.concatenate([motion.directions for motion in self.all])


@dataclass(frozen=True, eq=False)
class Axes:
    """The motions of a bundle."""

    default: str
    """Name of the default method."""
    methods: Mapping[str, FittedMotion]
    """Motions between emotions, by the name of the method that fitted them, for example `logit` or `paper`."""
    characters: FittedMotion | None = None
    """Motion between drawn characters; None if there is only one."""
    attributes: tuple[ToLevel, ...] = ()
    """Attributes that were added to the finished model."""

    def motions(self, method: str) -> Motions:
        """Return the motions of a method, with those of characters and attributes."""
        return Motions(self.methods[method], self.characters, self.attributes)
