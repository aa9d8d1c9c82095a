"""The methods of a bundle that can be used: its axes, joined to the graphs that find ends where they ask for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.errors import BundleDamagedError
from tlgan_runtime.graphs.session import Engine, Graph, Tensor
from tlgan_runtime.latent.axes import Axes, AxisSet, EndFinder
from tlgan_runtime.latent.descent import Pull, follow
from tlgan_runtime.latent.ends import GRADIENT, PATHS, join_ends, lines_end

FARTHEST_END = 1e5
"""Standard deviations of the prior; a hundred times what latents may be."""
STEEPEST = 1e6
"""Change of a cross-entropy for a standard deviation; steps along it have a length of their own."""


def usable_axes(bundle: Bundle, engine: Engine) -> Axes:
    """The axes of a bundle, without methods whose graph it lacks or that this runtime does not know.

    Raises `BundleDamagedError` when the default method is one of those.
    """
    axes = bundle.axes
    learned = next((method for method in axes.methods.values() if method.ends in (PATHS, GRADIENT)), None)
    finders = {} if learned is None else _finders(learned, bundle, engine)
    usable = join_ends(axes, finders)
    if axes.default not in usable.methods:
        needed = axes.methods[axes.default].ends
        raise BundleDamagedError(f"the default method {axes.default!r} of {bundle.path} needs a file of role {needed}")
    return usable


def _finders(method: AxisSet, bundle: Bundle, engine: Engine) -> dict[str, EndFinder]:
    """What finds ends, by the role of its graph, for the graphs that the bundle has."""
    finders: dict[str, EndFinder] = {}
    if PATHS in bundle.roles:
        finders[PATHS] = _paths(method, bundle, engine)
    if GRADIENT in bundle.roles and method.centres is not None:
        begin = finders.get(PATHS, lines_end(method.centres))
        finders[GRADIENT] = _guided(method, bundle, engine, begin)
    return finders


def _paths(method: AxisSet, bundle: Bundle, engine: Engine) -> EndFinder:
    count, dim = method.directions.shape
    graph = Graph(
        engine, "the paths", lambda: bundle.read(PATHS),
        takes={"z": Tensor("tensor(float)", (dim,))},
        gives={"ends": Tensor("tensor(float)", (count, dim), largest=FARTHEST_END)},
        settings={"keep": Tensor("tensor(float)", (count,))} if method.keeps else {},
    )  # fmt: skip

    def find(z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        settings = {"keep": kept.astype(np.float32)} if method.keeps else {}
        return graph.run(z, **settings)["ends"].astype(np.float64)

    return find


def _guided(method: AxisSet, bundle: Bundle, engine: Engine, begin: EndFinder) -> EndFinder:
    (count, dim), people = method.directions.shape, len(bundle.manifest.characters)
    latents, emotions, characters = (Tensor("tensor(float)", (size,)) for size in (dim, count, people))
    graph = Graph(
        engine, "the gradient", lambda: bundle.read(GRADIENT),
        takes={"z": latents, "wanted_emotion": emotions, "wanted_character": characters},
        gives={
            "gradient": replace(latents, largest=STEEPEST),
            "emotion": replace(emotions, probabilities=True),
            "character": replace(characters, probabilities=True),
        },
    )  # fmt: skip

    def gradient(*given: NDArray[np.float32]) -> Pull:
        return Pull(**graph.run(*given))

    return lambda z, wanted, kept: follow(z, begin(z, wanted, kept), wanted, kept, people, gradient)
