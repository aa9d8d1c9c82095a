"""Draws faces before and after an edit, as in the paper's figures 8 and 9, with the judge's readings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from tlgan_runtime.latent.motions import Motion
from tlgan_runtime.latent.moves import move
from tlgan_train.axes.samples import draw_faces, read_faces
from tlgan_train.report import charts, face_rows
from tlgan_train.report.results import Results
from tlgan_train.report.text import number

MOST_FACES = 6
"""Number of faces if one character is drawn; the paper shows six characters."""
MAX_NAME_LETTERS = 9
"""Letters of a character's name that fit under a face."""


@dataclass(frozen=True)
class BeforeAfter:
    """The figure, and the facts for its caption."""

    png: bytes
    emotion: str
    """The emotion that the faces are moved to."""
    pool: int
    """Number of faces from which those in the figure were chosen."""
    missing: list[str]
    """Drawn characters that the judge reads in none of them."""
    changes: dict[str, list[tuple[str, str]]]
    """For each method the characters before and after of every face that changes its character."""


@dataclass(frozen=True)
class Reading:
    """The judge's reading of N faces."""

    character: np.ndarray
    """int (N,), the most likely."""
    emotion: np.ndarray
    """float (N, E), probabilities."""


def before_after(results: Results) -> BeforeAfter:
    """One face of each drawn character, or the first faces of the only one, before and after an edit."""
    emotion = "surprise" if "surprise" in results.dataset.emotions else results.target
    column, names = results.dataset.emotions.index(emotion), results.dataset.characters
    pool = results.latents(results.evaluation.faces, "evaluation faces")
    z, missing = pool[:MOST_FACES], []
    if len(results.drawn) > 1:
        read = _read(results, pool).character
        first = {name: np.flatnonzero(read == names.index(name))[:1] for name in results.drawn}
        z = pool[[int(place[0]) for place in first.values() if len(place)]]
        missing = [name for name, place in first.items() if not len(place)]
    moved = {"before": z}
    moved |= {f"after, {m}": _end(z, results.axes[m], column) for m in results.evidence.compared}
    readings = {name: _read(results, latents) for name, latents in moved.items()}
    start = readings["before"].character
    under = [
        [f"{'' if c == own else '→ '}{names[c][:MAX_NAME_LETTERS]} {number(p)}"
         for c, own, p in zip(r.character, start, r.emotion[:, column], strict=True)]
        for r in readings.values()
    ]  # fmt: skip
    changes = {
        method: [
            (names[before], names[after])
            for before, after in zip(start, readings[f"after, {method}"].character, strict=True)
            if before != after
        ]
        for method in results.evidence.compared
    }
    faces = np.stack([draw_faces(results.generator, latents) for latents in moved.values()])
    png = charts.png(face_rows.face_rows(faces, list(moved), under=under))
    return BeforeAfter(png, emotion, len(pool), missing, changes)


def _end(z: np.ndarray, motion: Motion, emotion: int) -> np.ndarray:
    return move(z, motion, np.eye(len(motion.names))[emotion])


def _read(results: Results, z: np.ndarray) -> Reading:
    _, emotion, character, _ = read_faces(results.generator, results.reader, z)
    return Reading(character.argmax(axis=1), softmax(emotion, axis=1))
