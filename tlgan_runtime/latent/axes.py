"""The directions of a bundle's latent space along which emotions grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.latent.attribute import Attribute
from tlgan_runtime.latent.centres import Centres

EndFinder = Callable[[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float64]]
"""Latents (N, latent_dim), which emotions (E,) are asked for and which (E,) are to stay as they are → the latents
(N, E, latent_dim) that show the same faces with each emotion complete; those of emotions not asked for may be anything
finite."""


@dataclass(frozen=True, eq=False)
class AxisSet:
    """One method's axes, rows in the order of `emotions` (paper, section 4.1: slopes of a linear map z -> emotion)."""

    method: str
    """Name of the method that fitted them, for example `logit` or `paper`."""
    emotions: tuple[str, ...]
    """Names of the rows."""
    directions: NDArray[np.float64]
    """(E, latent_dim), rows of length 1."""
    offsets: NDArray[np.float64]
    """(E,) intercepts of the fitted regression, in the fitted space."""
    max_strength: NDArray[np.float64]
    """(E,) distance in latent units (standard deviations of the prior) that strength 1 stands for, > 0; with `centres`
    a mean over emotions that a face may start from, which moves do not use."""
    keep_norm: bool
    """Whether a moved latent is rescaled to the norm that it had."""
    fitted: Mapping[str, Any]
    """How it was fitted, in the words of the one who fitted it."""
    cosine: NDArray[np.float64]
    """(E, E) cosines between the rows."""
    centres: Centres | None = None
    """For moves from each face's own emotion; None moves all faces alike along `directions`."""
    ends: str | None = None
    """Role of the graph that finds each face's own ends of these moves, if they are not those of `centres`."""
    find_ends: EndFinder | None = None
    """Runs that graph; None goes without it, to the targets of `centres`. It remembers nothing: `latent.Way` does."""
    keeps: bool = False
    """Whether these ends keep emotions as they are when asked to."""


@dataclass(frozen=True, eq=False)
class Axes:
    """All methods of a bundle; `default` names the one in use."""

    default: str
    methods: Mapping[str, AxisSet]
    characters: AxisSet | None = None
    """From each drawn character to each other, rows in their order; None where there is only one."""
    attributes: tuple[Attribute, ...] = ()
    """What was added to the finished model."""
