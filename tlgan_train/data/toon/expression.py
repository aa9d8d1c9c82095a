"""Expressions as continuous parameters, and emotions as regions of them.

The parameters follow the action units (AU) of the Facial Action Coding System (Ekman & Friesen 1978), exaggerated as
in hand-drawn animation. A relaxed face is 0 everywhere.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Expression:
    """Unless noted, a parameter goes from 0 (relaxed) to about 1 (as strong as it gets)."""

    inner_brow: float = 0.0
    """Inner brow raised (AU1) or lowered; -1 to 1."""
    outer_brow: float = 0.0
    """Outer brow raised (AU2) or lowered; -1 to 1."""
    brow_asymmetry: float = 0.0
    """One brow higher than the other; -1 to 1."""
    asymmetry: float = 0.0
    """One side of the mouth higher than the other; -1 to 1."""
    lid: float = 0.0
    """Upper lid raised (AU5) or drooping (AU43); -1 to 1."""
    pupil: float = 0.0
    """Pupil wide or narrow; -1 to 1."""
    corner: float = 0.0
    """Lip corners pulled up (AU12) or down (AU15); -1 to 1."""
    width: float = 0.0
    """Lips stretched (AU20) or puckered (AU18); -1 to 1."""
    flush: float = 0.0
    """Cheeks reddened, or turned a queasy green; -1 to 1."""
    knit: float = 0.0
    """Brows lowered and drawn together (AU4)."""
    squint: float = 0.0
    """Lower lid raised (AU7)."""
    cheek: float = 0.0
    """Cheeks raised (AU6)."""
    nose: float = 0.0
    """Nose wrinkled (AU9)."""
    upper_lip: float = 0.0
    """Upper lip raised (AU10)."""
    lower_lip: float = 0.0
    """Lower lip lowered, baring the lower teeth (AU16)."""
    jaw: float = 0.0
    """Jaw dropped (AU26, AU27)."""
    rounding: float = 0.0
    """Lips funnelled to an O (AU22)."""
    square: float = 0.0
    """Lips tightened to a box (AU23)."""
    press: float = 0.0
    """Lips pressed together (AU24)."""
    pout: float = 0.0
    """Chin raised, lower lip pushed out (AU17)."""
    wave: float = 0.0
    """Lips trembling: a wavy mouth."""
    tongue: float = 0.0
    """Tongue shown (AU19)."""


PARAMETERS = tuple(f.name for f in fields(Expression))
_SIGNED = PARAMETERS.index("knit")  # the parameters before this one have two directions
_LOWEST = np.where(np.arange(len(PARAMETERS)) < _SIGNED, -1.2, 0.0)
_HIGHEST = 1.2

INTENSITY = (0.4, 1.1)
"""Range of intensities, relative to the prototypes below."""

PROTOTYPES: dict[str, tuple[Expression, Expression]] = {
    "anger": (
        Expression(
            inner_brow=-1.0,
            outer_brow=0.5,
            knit=1.0,
            lid=-0.05,
            squint=0.5,
            nose=0.5,
            cheek=0.2,
            pupil=-0.3,
            corner=-0.45,
            width=0.4,
            upper_lip=0.7,
            lower_lip=0.9,
            jaw=0.22,
            square=1.0,
            flush=0.8,
        ),
        Expression(
            inner_brow=-1.0,
            outer_brow=0.3,
            knit=1.0,
            lid=-0.2,
            squint=0.55,
            nose=0.3,
            pupil=-0.3,
            corner=-0.75,
            width=0.1,
            upper_lip=0.3,
            lower_lip=0.45,
            jaw=0.02,
            square=1.0,
            press=0.7,
            flush=0.8,
        ),
    ),
    "disgust": (
        Expression(
            inner_brow=-0.45,
            outer_brow=-0.35,
            knit=0.5,
            lid=-0.5,
            squint=1.0,
            nose=1.1,
            cheek=0.6,
            flush=-0.7,
            brow_asymmetry=0.5,
            asymmetry=0.8,
            corner=-0.5,
            width=0.15,
            upper_lip=1.1,
            jaw=0.2,
            tongue=0.5,
        ),
        Expression(
            inner_brow=-0.3,
            outer_brow=-0.45,
            knit=0.5,
            lid=-0.6,
            squint=1.0,
            nose=1.1,
            cheek=0.5,
            flush=-0.7,
            brow_asymmetry=0.3,
            asymmetry=0.5,
            corner=-0.7,
            width=0.1,
            upper_lip=0.8,
            jaw=0.42,
            tongue=1.1,
        ),
    ),
    "fear": (
        Expression(
            inner_brow=1.0,
            outer_brow=-0.1,
            knit=0.45,
            lid=1.0,
            pupil=-1.1,
            corner=-0.6,
            width=1.0,
            lower_lip=1.0,
            upper_lip=0.2,
            jaw=0.24,
            square=0.7,
            wave=0.8,
        ),
        Expression(
            inner_brow=1.0,
            outer_brow=-0.2,
            knit=0.5,
            lid=1.0,
            pupil=-1.1,
            corner=-0.6,
            width=0.7,
            lower_lip=0.8,
            upper_lip=0.2,
            jaw=0.42,
            square=0.6,
            wave=0.9,
        ),
    ),
    "joy": (
        Expression(
            inner_brow=0.3,
            outer_brow=0.4,
            lid=0.25,
            pupil=0.4,
            squint=0.75,
            cheek=1.0,
            flush=0.5,
            corner=1.0,
            width=0.75,
            upper_lip=0.3,
            jaw=0.72,
        ),
        Expression(
            inner_brow=0.2,
            outer_brow=0.3,
            lid=0.2,
            pupil=0.4,
            squint=0.7,
            cheek=0.9,
            flush=0.5,
            corner=1.0,
            width=0.95,
            upper_lip=0.3,
            jaw=0.36,
        ),
    ),
    "neutral": (Expression(corner=0.16), Expression(corner=0.05, lid=-0.06)),
    "sadness": (
        Expression(
            inner_brow=1.1, outer_brow=-1.0, knit=0.1, lid=-0.4, pupil=0.4, flush=0.2, corner=-1.1, width=0.05, pout=1.0
        ),
        Expression(
            inner_brow=1.1,
            outer_brow=-1.0,
            knit=0.2,
            lid=-0.45,
            squint=0.3,
            pupil=0.4,
            flush=0.2,
            corner=-1.2,
            width=0.25,
            jaw=0.14,
            lower_lip=0.2,
            pout=0.7,
        ),
    ),
    "surprise": (
        Expression(inner_brow=0.9, outer_brow=1.1, lid=1.0, pupil=-0.2, width=-0.85, jaw=1.1, rounding=1.2),
        Expression(inner_brow=1.0, outer_brow=1.0, lid=0.85, pupil=-0.1, width=-1.1, jaw=0.8, rounding=1.2),
    ),
}
"""For each emotion the two ends of the segment that its region surrounds: open or closed, loud or quiet."""

EMOTIONS = tuple(PROTOTYPES)


def blend(first: Expression, second: Expression, share: float) -> Expression:
    """The expression at `share` (0 to 1) of the way from `first` to `second`."""
    return Expression(*(a + (b - a) * share for a, b in zip(astuple(first), astuple(second), strict=True)))


def sample_expression(emotion: str, intensity: float, rng: np.random.Generator) -> Expression:
    """One expression of an emotion's region: a point of its segment, at this intensity, with every parameter jittered.

    Two-way parameters get a jitter of fixed size (σ 0.07; asymmetries 0.15). One-way parameters get one in proportion
    to their value, so that a relaxed face does not grow wrinkles. Both are cut at 2 σ.
    """
    prototype = np.array(astuple(blend(*PROTOTYPES[emotion], rng.random())))
    scale = np.where(np.arange(len(prototype)) < _SIGNED, 0.07, 0.12 * np.abs(prototype))
    scale[[PARAMETERS.index("asymmetry"), PARAMETERS.index("brow_asymmetry")]] = 0.15
    jitter = np.clip(rng.standard_normal(len(prototype)), -2.0, 2.0) * scale
    # The stronger side of a lopsided face may be either one.
    mirrored = np.array([p.endswith("asymmetry") for p in PARAMETERS])
    prototype[mirrored] *= rng.choice((-1.0, 1.0))
    return Expression(*np.clip(prototype * intensity + jitter, _LOWEST, _HIGHEST).tolist())
