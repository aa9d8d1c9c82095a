"""A face as an SVG document of 256 × 256 units."""

from __future__ import annotations

from tlgan_train.data.toon.characters import LOOKS
from tlgan_train.data.toon.expression import Expression
from tlgan_train.data.toon.eyes import brows, eyes, glasses
from tlgan_train.data.toon.face import Face
from tlgan_train.data.toon.look import Look, lit, mix
from tlgan_train.data.toon.mouth import Mouth, mouth
from tlgan_train.data.toon.projection import CENTRE, Projection
from tlgan_train.data.toon.shapes import circles, ellipse

BACKGROUND = "#c4dbe6"
_QUEASY = "#c4d562"  # cheeks of disgust
_NECK = (128.0, 214.0)  # the head rolls and scales about this point


def to_svg(face: Face, background: bool = True) -> str:
    """The face as a self-contained SVG document without text, filters or links."""
    behind = f'<rect width="256" height="256" fill="{BACKGROUND}"/>' if background else ""
    look = lit(LOOKS[face.character], face.light)
    e = face.expression
    at = Projection(face.yaw, face.pitch)
    side, up = 96.0 * at.sin_yaw, -150.0 * at.sin_pitch  # shift of the skin in front of the head's axis
    far = f"translate({-0.15 * side:.1f} {-0.15 * up:.1f})"
    near = f"translate({0.28 * side:.1f} {0.25 * up:.1f})"
    x, y = _NECK
    head = f"translate({x} {y}) rotate({face.roll:.2f}) scale({face.scale:.3f}) translate({-x} {-y})"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">{_gradients(look, e, side)}'
        f"{behind}"
        f'<g transform="{head}"><path d="{look.hair.back}" fill="{look.hair.shade}" transform="{far}"/></g>'
        f"{_shoulders(look)}"
        f'<g transform="{head}"><g transform="{far}">{_ears(look)}{_earrings(look)}</g>'
        f'<path d="{_head(look, e, side, up)}" fill="url(#skin)"/>'
        f"{_cheeks(at, look, e)}{_folds(at, look, e)}{_beard(at, look, e, side, up)}"
        f"{eyes(at, face, look)}{_nose(at, look, e)}{mouth(at, e, look)}"
        f'<g transform="{near}"><path d="{look.hair.front}" fill="url(#hair)"/>'
        f'<path d="{look.hair.shine}" fill="#fff" fill-opacity=".16"/>{_flower(look)}</g>'
        # Brows come last, as animators do it: hair and glasses must not hide what they say.
        f"{glasses(at, look)}{brows(at, face, look)}</g></svg>"
    )


def _gradients(look: Look, e: Expression, side: float) -> str:
    blush = mix(look.blush, _QUEASY, max(-e.flush, 0.0))

    def fade(name: str, top: str, bottom: str) -> str:
        return (
            f'<linearGradient id="{name}" x2="0" y2="1"><stop offset="0" stop-color="{top}"/>'
            f'<stop offset="1" stop-color="{bottom}"/></linearGradient>'
        )

    return (
        f'<defs><radialGradient id="skin" cx="{0.42 + 0.001 * side:.3f}" cy=".42" r=".66"><stop offset=".45"'
        f' stop-color="{look.skin}"/><stop offset="1" stop-color="{look.skin_shade}"/></radialGradient>'
        f'<radialGradient id="blush"><stop offset="0" stop-color="{blush}"/>'
        f'<stop offset="1" stop-color="{blush}" stop-opacity="0"/></radialGradient>'
        f"{fade('hair', look.hair.colour, look.hair.shade)}{fade('iris', look.iris_shade, look.iris)}"
        f"{fade('top', look.top, look.top_shade)}</defs>"
    )


def _ears(look: Look) -> str:
    if not look.ear:
        return ""
    paths = ""
    for out, wide, high, colour in ((0, 0.8, 1.0, look.skin), (2, 0.42, 0.55, look.skin_shade)):
        shapes = "".join(
            ellipse(CENTRE[0] + s * (look.cheek_width + out), CENTRE[1], look.ear * wide, look.ear * high)
            for s in (-1, 1)
        )
        paths += f'<path d="{shapes}" fill="{colour}"/>'
    return paths


def _shoulders(look: Look) -> str:
    return (
        f'<path d="M104 180L152 180L154 232C146 246 110 246 102 232Z" fill="{look.skin_shade}"/>'
        f'<path d="M14 256C18 234 50 224 98 220C108 240 148 240 158 220C206 224 238 234 242 256Z" fill="url(#top)"/>'
        f'<path d="M95 222C106 247 150 247 161 222" fill="none" stroke="{look.collar}" stroke-width="12"'
        f' stroke-linecap="round"/>'
    )


def _head(look: Look, e: Expression, side: float, up: float) -> str:
    """Outline of skull and jaw; the chin follows the jaw, the turn of the head, and less so its nod."""
    cx, cy = CENTRE
    x, w, j = cx + 0.16 * side, look.cheek_width, look.jaw_width
    chin_x, chin = cx + 0.36 * side, cy + look.chin + 13.0 * e.jaw + 0.3 * up - 1.5 * e.pout
    jaw_y = cy + 0.72 * look.chin + 7.0 * e.jaw + 0.2 * up
    return (
        f"M{x:.1f} 40C{x + w * 0.7:.1f} 40 {x + w:.1f} 80 {x + w:.1f} {cy - 8:.1f}"
        f"C{x + w:.1f} {cy + 22:.1f} {chin_x + j + 8:.1f} {jaw_y - 16:.1f} {chin_x + j:.1f} {jaw_y:.1f}"
        f"C{chin_x + j - 10:.1f} {jaw_y + 16:.1f} {chin_x + 18:.1f} {chin:.1f} {chin_x:.1f} {chin:.1f}"
        f"C{chin_x - 18:.1f} {chin:.1f} {chin_x - j + 10:.1f} {jaw_y + 16:.1f} {chin_x - j:.1f} {jaw_y:.1f}"
        f"C{chin_x - j - 8:.1f} {jaw_y - 16:.1f} {x - w:.1f} {cy + 22:.1f} {x - w:.1f} {cy - 8:.1f}"
        f"C{x - w:.1f} 80 {x - w * 0.7:.1f} 40 {x:.1f} 40Z"
    )


def _beard(at: Projection, look: Look, e: Expression, side: float, up: float) -> str:
    if not look.beard:
        return ""
    moustache = 29.0 - 5.0 * e.upper_lip - 3.0 * e.nose
    edge = [
        (-80, -8),
        (-72, 10),
        (-66, 26),
        (-54, 34),
        (-42, 40),
        (-34, moustache + 2),
        (-14, moustache),
        (-8, moustache - 1),
        (8, moustache - 1),
        (14, moustache),
        (34, moustache + 2),
        (42, 40),
        (54, 34),
        (66, 26),
        (72, 10),
        (80, -8),
    ]
    top = at.curve(edge)
    return (
        f'<clipPath id="b"><path d="{_head(look, e, side, up)}"/></clipPath>'
        f'<path d="{top} L240 256L16 256Z" fill="{look.beard}" clip-path="url(#b)"/>'
    )


def _cheeks(at: Projection, look: Look, e: Expression) -> str:
    strength = min(0.25 + 0.4 * abs(e.flush), 0.75)
    size = 19.0 + 2.0 * e.cheek
    parts = []
    for s in (-1, 1):
        x, y = at.point(s * 44.0, 28.0 - 6.0 * e.cheek)
        parts.append(
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{size * (at.cos_yaw - 0.5 * s * at.sin_yaw):.1f}"'
            f' ry="{size * 0.75:.1f}" fill="url(#blush)"'
            f' fill-opacity="{strength:.2f}"/>'
        )
    if look.freckles:
        spots = [at.point(x, y) for x, y in ((-50, 20), (-38, 26), (-26, 19), (26, 19), (38, 26), (50, 20))]
        parts.append(f'<path d="{circles([(x, y, 2.6) for x, y in spots])}" fill="{look.freckles}" fill-opacity=".7"/>')
    return "".join(parts)


def _folds(at: Projection, look: Look, e: Expression) -> str:
    """Lines that show only while a muscle pulls: between the brows, across the nose, beside it, under the lip."""
    m = Mouth.of(e)
    up = 4.0 * e.nose
    knit, wrinkles, beside = "", "", ""
    for s, corner in ((-1, m.left), (1, m.right)):
        knit += at.curve([(s * 6, -46), (s * 4, -41), (s * 4, -36), (s * 6, -30)])
        wrinkles += at.curve([(s * 2, -7 - up), (s * 7, -9 - up), (s * 12, -7), (s * 15, -2)])
        wrinkles += at.curve([(s * 2, 4 - up), (s * 7, 2 - up), (s * 12, 4), (s * 16, 9)])
        beside += at.curve(
            [
                (s * 18, 18 - up),
                (s * 26, 20 - up),
                (s * (m.half_width + 8), 7 + corner / 2),
                (s * (m.half_width + 8), corner - 4),
            ]
        )
    chin = at.curve([(-12, 67), (-6, 62), (6, 62), (12, 67)])
    lines = (
        (knit, 0.8 * e.knit),
        (wrinkles, 0.8 * e.nose),
        (beside, max(0.5 * e.nose, 0.5 * e.cheek)),
        (chin, 0.8 * e.pout * max(1.0 - e.jaw, 0.0)),
    )
    return "".join(
        f'<path d="{path}" fill="none" stroke="{look.skin_shade}" stroke-width="4.5" stroke-linecap="round"'
        f' stroke-opacity="{min(opacity, 1.0):.2f}"/>'
        for path, opacity in lines
        if opacity > 0.04
    )


def _nose(at: Projection, look: Look, e: Expression) -> str:
    lift, flare = -4.0 * e.nose, 2.5 * e.nose
    tip = at.curve(
        [
            (-9 - flare, 17 + lift),
            (-11 - flare, 25 + lift),
            (-4, 24 + lift),
            (0, 26 + lift),
            (4, 24 + lift),
            (11 + flare, 25 + lift),
            (9 + flare, 17 + lift),
        ],
        depth=1.14,
    )
    x, y = at.point(-1.0, 15.0 + lift, 1.14)
    return (
        f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="6" ry="5" fill="#fff" fill-opacity=".3"/>'
        f'<path d="{tip}" fill="none" stroke="{look.skin_shade}" stroke-width="5" stroke-linecap="round"/>'
    )


def _earrings(look: Look) -> str:
    if not look.jewel:
        return ""
    hoops = circles([(128 + s * (look.cheek_width + 3), 172, 10) for s in (-1, 1)])
    return f'<path d="{hoops}" fill="none" stroke="{look.jewel}" stroke-width="5"/>'


def _flower(look: Look) -> str:
    if not look.flower:
        return ""
    petals = circles([(196 + dx, 70 + dy, 8) for dx, dy in ((0, -9), (9, -3), (6, 8), (-6, 8), (-9, -3))])
    return f'<path d="{petals}" fill="{look.flower}"/><circle cx="196" cy="70" r="6" fill="#fff3d0"/>'
