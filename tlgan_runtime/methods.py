"""The methods of a bundle that can be used: its axes, joined to the graphs that find ends where they ask for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.axes import Axes, AxisSet, Centres, EndFinder
from tlgan_runtime.bundle import Bundle
from tlgan_runtime.ends import Pull, Remembered, follow
from tlgan_runtime.errors import BundleDamagedError
from tlgan_runtime.session import Engine, Graph, Tensor

PATHS, GRADIENT = "paths", "gradient"
"""Roles of the graphs that find ends: a network's, and those that descent along a gradient makes of them."""


def usable_axes(bundle: Bundle, engine: Engine) -> Axes:
    """The axes of a bundle, without methods whose graph it lacks or that this runtime does not know.

    Raises `BundleDamagedError` when the default method is one of those.
    """
    axes = bundle.axes
    usable = {
        name: method
        for name, method in axes.methods.items()
        if method.ends is None or (method.ends in (PATHS, GRADIENT) and method.ends in bundle.roles)
    }
    if axes.default not in usable:
        needed = axes.methods[axes.default].ends
        raise BundleDamagedError(f"the default method {axes.default!r} of {bundle.path} needs a file of role {needed}")
    return replace(axes, methods={name: _joined(method, bundle, engine) for name, method in usable.items()})


def lines_end(centres: Centres) -> EndFinder:
    """Where each face's lines to the centres' targets end."""

    def find(z: NDArray[np.float32], wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
        exact = z.astype(np.float64)
        ends: NDArray[np.float64] = (exact - centres.posterior(exact) @ centres.latents)[:, None] + centres.targets
        return ends

    return find


def _joined(method: AxisSet, bundle: Bundle, engine: Engine) -> AxisSet:
    if method.ends is None or method.centres is None:
        return method
    find = lines_end(method.centres) if PATHS not in bundle.roles else _paths(method, bundle, engine)
    if method.ends == GRADIENT:
        find = _guided(method, bundle, engine, find)
    return replace(method, find_ends=Remembered(find))


def _paths(method: AxisSet, bundle: Bundle, engine: Engine) -> EndFinder:
    count, dim = method.directions.shape
    graph = Graph(
        engine, "the paths", lambda: bundle.read(PATHS),
        takes={"z": Tensor("tensor(float)", (dim,))}, gives={"ends": Tensor("tensor(float)", (count, dim))},
    )  # fmt: skip
    return lambda z, wanted: graph.run(z)["ends"].astype(np.float64)


def _guided(method: AxisSet, bundle: Bundle, engine: Engine, begin: EndFinder) -> EndFinder:
    (count, dim), people = method.directions.shape, len(bundle.manifest.characters)
    latents, emotions, characters = (Tensor("tensor(float)", (size,)) for size in (dim, count, people))
    graph = Graph(
        engine, "the gradient", lambda: bundle.read(GRADIENT),
        takes={"z": latents, "wanted_emotion": emotions, "wanted_character": characters},
        gives={"gradient": latents, "emotion": emotions, "character": characters},
    )  # fmt: skip
    return lambda z, wanted: follow(z, begin(z, wanted), wanted, people, lambda *given: Pull(**graph.run(*given)))
