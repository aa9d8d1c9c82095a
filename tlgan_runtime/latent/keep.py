"""Keeping: names that a move leaves as they are, and the parts of a way that must go for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.errors import InputError
from tlgan_runtime.latent.axes import Motions
from tlgan_runtime.latent.names import CHARACTER
from tlgan_runtime.messages import listed, shown
from tlgan_runtime.validation import known_name, nearest

LEAST_LEFT = 0.05
"""Share of a direction that must be left once the kept directions are taken out of it."""


class Kept(NamedTuple):
    """What a move leaves as it is."""

    emotions: NDArray[np.bool_]
    """(E,) the kept emotions."""
    others: NDArray[np.float64]
    """Orthonormal rows (R, latent_dim) that span the directions of a kept character and of kept attributes."""
    all: NDArray[np.float64]
    """The same, with those of the kept emotions."""


def check_keep(keep: Sequence[str], strengths: NDArray[np.float64], motions: Motions) -> Kept:
    """What a call keeps: names of emotions and attributes, and `character`.

    `strengths` (..., E + C + A) are all that faces are moved by. Raises `InputError` for unknown names, and where next
    to nothing is left of one of these moves. What is not moved at all may be kept, so a strength of exactly 0 is
    allowed where the smallest other one is not.
    """
    if isinstance(keep, str) or not isinstance(keep, Sequence | set | frozenset):
        raise InputError(f'keep is a list of names, for example ["{motions.emotions.names[0]}"], not {shown(keep)}')
    emotions, characters = motions.emotions, motions.characters
    attributes = {attribute.name: attribute for attribute in motions.attributes}
    known = [CHARACTER, *emotions.names, *attributes]
    rows, names = [emotions.directions[:0]], []
    for given in keep:
        if (name := known_name(given, known)) is None:
            more = f"; attributes: {listed(attributes)}" if attributes else ""
            raise InputError(
                f"cannot keep {shown(given)}{nearest(given, known)} (what can be kept: {CHARACTER}; "
                f"emotions: {listed(emotions.names)}{more})"
            )
        names.append(name)
        if name in attributes:
            rows.append(attributes[name].directions)
        elif name == CHARACTER and characters is not None:  # where only one is drawn, it stays by itself
            rows.append(characters.directions)
    chosen, others = np.isin(emotions.names, names), np.concatenate(rows)
    kept = Kept(chosen, basis(others), basis(np.concatenate([others, emotions.directions[chosen]])))
    moving = np.abs(strengths).reshape(-1, strengths.shape[-1]).any(axis=0)
    if len(kept.all) and moving.any():
        wanted = motions.directions[moving]
        left = np.linalg.norm(wanted - along(wanted, kept.all), axis=1)
        if left.min() < LEAST_LEFT:
            spoilt = motions.names[np.flatnonzero(moving)[left.argmin()]]
            raise InputError(
                f"cannot keep {listed(names)} in a move by {spoilt}: next to nothing of that move would be left, since "
                "it changes what is to be kept; keep something else, or less"
            )
    return kept


def basis(directions: NDArray[np.float64], least: float = 0.0) -> NDArray[np.float64]:
    """Orthonormal rows, as few as it takes, that span what the rows of `directions` (K, latent_dim) span, except for
    directions in which these are at most `least` long."""
    _, values, right = np.linalg.svd(directions, full_matrices=False)
    rows: NDArray[np.float64] = right[values > max(least, 1e-6 * values.max(initial=0.0))]
    return rows


def hold(start: NDArray[np.float32], moved: NDArray[np.float32], basis: NDArray[np.float64]) -> NDArray[np.float32]:
    """`moved` (N, latent_dim) without what of the way from `start` leads along the orthonormal rows of a `basis`.

    The conditional projection of InterFaceGAN (Shen et al. 2020), on all the kept directions together.
    """
    if not len(basis):
        return moved
    way = moved.astype(np.float64) - start
    held: NDArray[np.float32] = (start + (way - along(way, basis))).astype(np.float32)
    return held


def along(way: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of ways (N, latent_dim) that leads along the orthonormal rows of a `basis` (K, latent_dim)."""
    part: NDArray[np.float64] = way @ basis.T @ basis
    return part
