"""Where moves of a face end: latents found for it alone, by a network or by following a gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.latent.axes import Axes, EndFinder
from tlgan_runtime.latent.centres import Centres

PATHS, GRADIENT = "paths", "gradient"
"""What finds ends, by the role of its graph: a network, and descent along a gradient from where that leads."""


def join_ends(axes: Axes, finders: Mapping[str, EndFinder]) -> Axes:
    """The methods that need no finder of ends, and those whose finder is there, joined to it."""
    methods = {
        name: method if method.ends is None else replace(method, find_ends=finders[method.ends])
        for name, method in axes.methods.items()
        if method.ends is None or method.ends in finders
    }
    return replace(axes, methods=methods)


def lines_end(centres: Centres) -> EndFinder:
    """Where each face's lines to the centres' targets end."""

    def find(z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        exact = z.astype(np.float64)
        ends: NDArray[np.float64] = (exact - centres.posterior(exact) @ centres.latents)[:, None] + centres.targets
        return ends

    return find
