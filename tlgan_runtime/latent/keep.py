"""Keep names as they are during a move: remove the parts of the way that would change them."""

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
"""Smallest share of a direction that must remain without its components along the kept directions."""


class Kept(NamedTuple):
    """What a move keeps as it is."""

    emotions: NDArray[np.bool_]
    """(E,) whether each emotion is kept."""
    others: NDArray[np.float64]
    """Orthonormal rows (R, latent_dim) that span the directions of a kept character and of kept attributes."""
    all: NDArray[np.float64]
    """The same, and in addition the directions of the kept emotions."""


def check_keep(keep: Sequence[str], strengths: NDArray[np.float64], motions: Motions) -> Kept:
    """Return what a call keeps. `keep` lists emotions, attributes, and `character`.

    `strengths` (..., E + C + A) are all strengths of the call. Raises `InputError` for unknown names, and if next to
    nothing would remain of a move. A name whose strength is always exactly 0 can be kept in any case.
    """
    if isinstance(keep, str) or not isinstance(keep, Sequence | set | frozenset):
        raise InputError(f'keep is a list of names, for example ["{motions.emotions.names[0]}"], not {shown(keep)}')
    emotions, characters = motions.emotions, motions.characters
    attributes = {attribute.name: attribute for attribute in motions.attributes}
    known = [CHARACTER, *emotions.names, *attributes]
    rows, names = [emotions.directions[:0]], []
    for given in keep:
        if (name := known_name(given, known)) is None:
            others = f"; attributes: {listed(attributes)}" if attributes else ""
            raise InputError(
                f"cannot keep {shown(given)}{nearest(given, known)} (what can be kept: {CHARACTER}; "
                f"emotions: {listed(emotions.names)}{others})"
            )
        names.append(name)
        if name in attributes:
            rows.append(attributes[name].directions)
        elif name == CHARACTER and characters is not None:  # a single character always stays
            rows.append(characters.directions)
    chosen, kept_rows = np.isin(emotions.names, names), np.concatenate(rows)
    kept = Kept(chosen, basis(kept_rows), basis(np.concatenate([kept_rows, emotions.directions[chosen]])))
    moving = np.abs(strengths).reshape(-1, strengths.shape[-1]).any(axis=0)
    if len(kept.all) and moving.any():
        directions = motions.directions[moving]
        left = np.linalg.norm(directions - along(directions, kept.all), axis=1)
        if left.min() < LEAST_LEFT:
            changing = motions.names[np.flatnonzero(moving)[left.argmin()]]
            raise InputError(
                f"cannot keep {listed(names)} in a move by {changing}: next to nothing of that move would remain, "
                "because it changes what you keep; keep something else, or less"
            )
    return kept


def basis(directions: NDArray[np.float64], least: float = 0.0) -> NDArray[np.float64]:
    """Return the smallest set of orthonormal rows that spans the rows of `directions` (K, latent_dim).

    Directions with a singular value of at most `least` are left out.
    """
    _, values, right = np.linalg.svd(directions, full_matrices=False)
    rows: NDArray[np.float64] = right[values > max(least, 1e-6 * values.max(initial=0.0))]
    return rows


def hold(start: NDArray[np.float32], moved: NDArray[np.float32], basis: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return `moved` (N, latent_dim) without the part of the way from `start` along the rows of `basis`.

    The rows are orthonormal. This is the conditional projection of InterFaceGAN (Shen et al. 2020), on all kept
    directions together.
    """
    if not len(basis):
        return moved
    way = moved.astype(np.float64) - start
    held: NDArray[np.float32] = (start + (way - along(way, basis))).astype(np.float32)
    return held


def along(way: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the part of ways (N, latent_dim) along the orthonormal rows of `basis` (K, latent_dim)."""
    part: NDArray[np.float64] = way @ basis.T @ basis
    return part
