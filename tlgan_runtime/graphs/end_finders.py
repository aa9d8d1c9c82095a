"""Find the usable methods of a bundle, and connect those that need ends with the graph that finds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.errors import BundleDamagedError
from tlgan_runtime.graphs.session import Engine, Graph, Tensor
from tlgan_runtime.latent.axes import Axes
from tlgan_runtime.latent.centres import EndFinder

PATHS = "paths"
"""Role of the graph that finds ends."""
FARTHEST_END = 1e5
"""Largest coordinate of an end, in standard deviations of the prior: a hundred times the limit of latents."""


def usable_axes(bundle: Bundle, engine: Engine) -> Axes:
    """Return the axes of a bundle, without methods whose graph is missing or unknown to this runtime.

    Raises `BundleDamagedError` if the default method is one of these.
    """
    missing_roles: dict[str, str] = {}

    def finder_of(name: str, role: str, keeps: bool) -> EndFinder | None:
        if role == PATHS and role in bundle.roles:
            return _finder(bundle, engine, keeps)
        missing_roles[name] = role
        return None

    axes = bundle.axes(finder_of)
    if axes.default not in axes.methods:
        role = missing_roles[axes.default]
        raise BundleDamagedError(f"the default method {axes.default!r} of {bundle.path} needs a file of role {role}")
    return axes


def _finder(bundle: Bundle, engine: Engine, keeps: bool) -> EndFinder:
    count, dim = len(bundle.manifest.emotions), bundle.manifest.latent_dim
    graph = Graph(
        engine, "the paths", lambda: bundle.read(PATHS),
        takes={"z": Tensor("tensor(float)", (dim,))},
        gives={"ends": Tensor("tensor(float)", (count, dim), largest=FARTHEST_END)},
        settings={"keep": Tensor("tensor(float)", (count,))} if keeps else {},
    )  # fmt: skip

    def find(z: NDArray[np.float32], wanted: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        settings = {"keep": kept.astype(np.float32)} if keeps else {}
        return graph.run(z, **settings)["ends"].astype(np.float64)

    return find
