"""Where moves of a face end: latents that are found for this face alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tlgan_runtime.latent.axes import Axes, EndFinder

PATHS = "paths"
"""Role of the graph that finds ends."""


def join_ends(axes: Axes, finders: Mapping[str, EndFinder]) -> Axes:
    """The methods that need no finder of ends, and those whose finder is there, joined to it."""
    methods = {
        name: method if method.ends is None else replace(method, find_ends=finders[method.ends])
        for name, method in axes.methods.items()
        if method.ends is None or method.ends in finders
    }
    return replace(axes, methods=methods)
