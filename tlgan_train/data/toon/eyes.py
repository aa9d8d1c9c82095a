"""Eyes, brows and glasses as SVG."""

from __future__ import annotations

from tlgan_train.data.toon.face import Face
from tlgan_train.data.toon.look import Look
from tlgan_train.data.toon.projection import Point, Projection
from tlgan_train.data.toon.shapes import circles, ellipse

_EYE: Point = (35.0, -8.0)  # middle of the right eye on the face
_HALF_WIDTH = 22.0
_LINE = "#2a1820"  # lashes and the edge of the upper lid
_SIDES = (-1, 1)


def _lids(face: Face, size: float, side: int) -> tuple[list[Point], list[Point], float]:
    """Upper lid from inner to outer corner, lower lid back again, and how high the upper one is above the eye."""
    e = face.expression
    width = _HALF_WIDTH * size
    inner, outer = side * (_EYE[0] - width), side * (_EYE[0] + width)
    floor = (14.0 - 9.5 * e.squint + 3.0 * max(e.lid, 0.0)) * size
    lift = (18.0 + 10.0 * e.lid - 3.0 * e.squint) * size
    lift -= (floor + lift) * face.blink
    sad = max(e.inner_brow, 0.0) * max(-e.outer_brow, 0.0)
    glare = 9.0 * e.knit * max(-e.inner_brow, 0.0)
    upper_inner, upper_outer = lift - glare + 3.0 * sad, lift + 0.3 * glare - 9.0 * sad
    y = _EYE[1]
    corner_inner, corner_outer = y + 2.0 - 2.0 * sad, y - 2.0 + 6.0 * sad
    reach = 0.18 * width * side
    upper = [
        (inner, corner_inner),
        (inner + reach, y - 1.3 * upper_inner),
        (outer - reach, y - 1.3 * upper_outer),
        (outer, corner_outer),
    ]
    lower = [(outer - reach, y + 1.3 * floor), (inner + 1.6 * reach, y + 1.3 * floor), (inner, corner_inner)]
    return upper, lower, lift


def _lash(corner: Point, length: float, side: int) -> list[Point]:
    """Outline of the pointed lashes at the outer corner of an eye."""
    x, y = corner
    return [
        (x + side * dx, y + dy)
        for dx, dy in ((-7, -7), (-2, -5), (3, -5), (length - 1, -9), (length - 3, -2), (3, 3), (-3, 4))
    ]


def eyes(at: Projection, face: Face, look: Look) -> str:
    """Both eyes with their lids."""
    size = look.eye_size
    iris = 13.5 * size * (1.0 + 0.1 * face.expression.pupil)
    pupil = 7.2 * size * (1.0 + 0.45 * face.expression.pupil)
    openings, upper_lids, lower_lids, creases, lashes = "", "", "", "", ""
    irises, pupils, glints, sparkles = "", "", "", ""
    for side in _SIDES:
        upper, lower, lift = _lids(face, size, side)
        openings += at.curve(upper + lower, close=True)
        upper_lids += at.curve(upper)
        lower_lids += at.curve([upper[3], *lower])
        # The crease stays where the open lid folds, so that a falling lid shows its skin.
        fold = max(lift, 10.0 * size) + 6.0 - lift
        creases += at.curve(
            [(x, min(y, _EYE[1]) - fold * share) for (x, y), share in zip(upper, (0.4, 1.2, 1.2, 0.4), strict=True)]
        )
        if look.lashes:
            lashes += at.curve(_lash(upper[3], look.lashes, side), close=True)
        x, y = at.point(side * (_EYE[0] - 1.0) + 8.5 * face.gaze_x, _EYE[1] + 1.0 + 6.0 * face.gaze_y)
        narrow = at.cos_yaw - 0.3 * side * at.sin_yaw
        irises += ellipse(x, y, iris * narrow, iris)
        pupils += ellipse(x, y, pupil * narrow, pupil)
        glints += circles([(x - 5 * size, y - 5.5 * size, 4.6 * size)])
        sparkles += circles([(x + 5 * size, y + 6 * size, 2.4 * size)])
    if lashes:
        lashes = f'<path d="{lashes}" fill="{_LINE}"/>'
    return (
        f'<clipPath id="eyes"><path d="{openings}"/></clipPath>'
        f'<path d="{creases}{lower_lids}" fill="none" stroke="{look.skin_shade}" stroke-width="3.5"/>'
        f'<path d="{openings}" fill="#fffdf8"/><g clip-path="url(#eyes)">'
        f'<path d="{irises}" fill="url(#iris)"/><path d="{pupils}" fill="#120c12"/>'
        f'<path d="{glints}" fill="#fff"/><path d="{sparkles}" fill="#fff" fill-opacity=".7"/>'
        f'<path d="{upper_lids}" fill="none" stroke="#5a3a50" stroke-width="13" stroke-opacity=".18"/></g>'
        f'<path d="{upper_lids}" fill="none" stroke="{_LINE}" stroke-width="{6.5 if look.lashes else 5.5}"'
        f' stroke-linecap="round"/>{lashes}'
    )


def brows(at: Projection, face: Face, look: Look) -> str:
    """Both brows, thick inside and thin outside."""
    e, thick = face.expression, look.brow_thickness
    arch = 7.0 + 4.0 * max(min(e.inner_brow, e.outer_brow), 0.0) - 5.0 * e.knit
    paths = ""
    for side in _SIDES:
        tilt = 5.0 * e.brow_asymmetry * side
        inner_x, inner_y = side * (13.0 - 5.0 * e.knit), -42.0 - 12.0 * e.inner_brow + 7.0 * e.knit - tilt
        outer_x, outer_y = side * 62.0, -37.0 - 10.0 * e.outer_brow + 2.0 * e.knit - tilt
        middle_y = 0.4 * inner_y + 0.6 * outer_y - arch
        near_y = 0.6 * inner_y + 0.4 * middle_y
        paths += at.curve(
            [
                (inner_x, inner_y - thick / 2),
                (side * 26.0, near_y - thick * 0.75),
                (side * 45.0, middle_y - thick / 2),
                (outer_x, outer_y - 1.5),
                (outer_x + side * 2.0, outer_y),
                (outer_x + side, outer_y + 2.0),
                (outer_x - side * 1.5, outer_y + 2.0),
                (side * 45.0, middle_y + thick / 2),
                (side * 26.0, near_y + thick * 0.6),
                (inner_x, inner_y + thick / 2),
                (inner_x - side * 4.0, inner_y + thick / 3),
                (inner_x - side * 4.0, inner_y - thick / 3),
                (inner_x, inner_y - thick / 2),
            ],
            close=True,
        )
    return f'<path d="{paths}" fill="{look.brow}"/>'


def glasses(at: Projection, look: Look) -> str:
    """Frames around both eyes, their bridge and temples; nothing for a character without glasses."""
    if look.glasses is None:
        return ""
    wide, high = 30.0, 27.0
    bend = 0.55 + 0.33 * look.glasses.squareness  # length of the handles: 0.55 makes an ellipse
    paths = at.curve([(-6, -10), (-3, -15), (3, -15), (6, -10)], depth=1.04)
    for side in _SIDES:
        x, y = side * _EYE[0], _EYE[1] + 1.0
        paths += at.curve(
            [
                (x - wide, y),
                (x - wide, y - high * bend),
                (x - wide * bend, y - high),
                (x, y - high),
                (x + wide * bend, y - high),
                (x + wide, y - high * bend),
                (x + wide, y),
                (x + wide, y + high * bend),
                (x + wide * bend, y + high),
                (x, y + high),
                (x - wide * bend, y + high),
                (x - wide, y + high * bend),
                (x - wide, y),
            ],
            depth=1.04,
            close=True,
        )
        end = side * (look.cheek_width - 1.0)
        paths += at.curve([(side * 65, -10), (side * 67, -11), (end - side, -12), (end, -12)])
    return f'<path d="{paths}" fill="none" stroke="{look.glasses.colour}" stroke-width="5.5" stroke-linecap="round"/>'
