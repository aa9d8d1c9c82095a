"""The methods of a bundle that can be used: its axes, joined to the graphs that find ends where they ask for one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.errors import BundleDamagedError
from tlgan_runtime.graphs.session import Engine, Graph, Tensor
from tlgan_runtime.latent.axes import Axes, AxisSet, EndFinder
from tlgan_runtime.latent.ends import PATHS, join_ends

FARTHEST_END = 1e5
"""Standard deviations of the prior; a hundred times what latents may be."""


def usable_axes(bundle: Bundle, engine: Engine) -> Axes:
    """The axes of a bundle, without methods whose graph it lacks or that this runtime does not know.

    Raises `BundleDamagedError` when the default method is one of those.
    """
    axes = bundle.axes
    learned = next((method for method in axes.methods.values() if method.ends == PATHS), None)
    finders = {} if learned is None or PATHS not in bundle.roles else {PATHS: _paths(learned, bundle, engine)}
    usable = join_ends(axes, finders)
    if axes.default not in usable.methods:
        needed = axes.methods[axes.default].ends
        raise BundleDamagedError(f"the default method {axes.default!r} of {bundle.path} needs a file of role {needed}")
    return usable


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
