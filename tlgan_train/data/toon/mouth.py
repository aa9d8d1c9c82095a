"""The mouth as SVG: lips, teeth and tongue. All its paths keep their number of points, so that mouths morph."""

from __future__ import annotations

from dataclasses import dataclass

from tlgan_train.data.toon.expression import Expression
from tlgan_train.data.toon.look import Look
from tlgan_train.data.toon.projection import Point, Projection

_HEIGHT = 44.0  # of the resting mouth below the middle of the face


@dataclass(frozen=True)
class Mouth:
    """Corners, middle of the upper and lower edge of the opening (heights on the face), and how they are joined."""

    half_width: float
    left: float
    right: float
    top: float
    bottom: float
    tilt: float
    """How much lower the right half of the upper edge is than the left, from its middle."""
    wave: float
    """Height of the humps left and right of the middle, on both edges."""
    rounding: float
    square: float

    @classmethod
    def of(cls, e: Expression) -> Mouth:
        """The mouth that an expression makes."""
        half_width = 30.0 + 12.0 * e.width - 3.0 * e.press
        lift = e.corner * 12.0
        smile, frown = max(e.corner, 0.0), max(-e.corner, 0.0)
        top = (
            _HEIGHT
            + smile * (3.0 - 4.0 * e.jaw)
            - frown * 4.0
            - 6.0 * e.upper_lip
            - 8.0 * e.jaw * e.rounding
            - 2.0 * e.nose
        )
        gap = (37.0 * e.jaw + 9.0 * e.lower_lip + 6.0 * e.upper_lip) * (1.0 - 0.55 * e.press)
        base = _HEIGHT + gap * (0.15 + 0.25 * e.rounding + 0.45 * min(frown, 1.0))
        return cls(
            half_width=half_width,
            left=base - lift - 5.0 * e.asymmetry,
            right=base - lift + 5.0 * e.asymmetry,
            top=top,
            bottom=top + gap,
            tilt=-5.0 * e.asymmetry * e.upper_lip,
            wave=7.0 * e.wave,
            rounding=min(e.rounding, 1.0),
            square=min(e.square, 1.0),
        )

    def edge(self, upper: bool, grow: float = 0.0, forwards: bool = True) -> list[Point]:
        """The upper or lower edge between the corners, moved outwards by `grow`; from left to right if `forwards`."""
        sign = -1.0 if upper else 1.0
        middle = (self.top if upper else self.bottom) + sign * grow
        middle += 0.3 * self.wave
        tilt = self.tilt if upper else 0.0
        wide = self.half_width + 0.35 * grow
        plain = 1.0 - max(self.rounding, self.square)
        out = 0.30 * plain + 0.02 * self.wave  # how far a corner's handle points inwards: relaxed corners are sharp
        along = 0.55 * plain + 0.56 * self.rounding * (1.0 - self.square) + self.square
        hold = 0.5 + 0.06 * self.rounding + 0.35 * self.square  # length of the handles at the middle
        points = [
            (-wide, self.left),
            (-wide * (1.0 - out), self.left + (middle - tilt * 0.6 - self.left) * along - 1.4 * self.wave),
            (-wide * hold, middle - tilt),
            (0.0, middle),
            (wide * hold, middle + tilt),
            (wide * (1.0 - out), self.right + (middle + tilt * 0.6 - self.right) * along - 1.4 * self.wave),
            (wide, self.right),
        ]
        return points if forwards else points[::-1]

    def outline(self, upper_grow: float = 0.0, lower_grow: float = 0.0) -> list[Point]:
        """Both edges as one closed line, each moved outwards."""
        return self.edge(True, upper_grow) + self.edge(False, lower_grow, forwards=False)[1:]


def _band(edge: list[Point], height: float) -> list[Point]:
    """A closed strip that follows an edge, `height` units towards larger y."""
    (x0, y0), (x1, y1) = edge[0], edge[-1]
    other = [(x, y + height) for x, y in reversed(edge)]
    return [*edge, (x1, y1), (x1, y1 + height), *other, (x0, y0 + height), (x0, y0), (x0, y0)]


def mouth(at: Projection, e: Expression, look: Look) -> str:
    """Lips, opening with tongue and teeth, its dark edge, and the tongue that is stuck out."""
    m = Mouth.of(e)
    lip = look.lip_thickness * (1.0 - 0.5 * e.press)
    lips = at.curve(m.outline(lip, lip * 1.35 * (1.0 + 0.8 * e.pout)), depth=1.03, close=True)
    opening = at.curve(m.outline(), depth=1.03, close=True)
    gap = m.bottom - m.top
    smile = max(e.corner, 0.0)
    upper_teeth = min(0.9 * gap, 3.0 + 5.0 * e.upper_lip + 7.0 * smile + 5.0 * e.square + 3.0 * e.lower_lip)
    lower_teeth = min(0.9 * gap, 11.0 * e.lower_lip)
    tongue_y = m.bottom + 4.0 - 0.12 * gap
    tx, ty = at.point(0.0, tongue_y)
    teeth = at.curve(_band(m.edge(True), upper_teeth), depth=1.03, close=True) + at.curve(
        _band(m.edge(False), -lower_teeth), depth=1.03, close=True
    )
    bite = [(x, y + upper_teeth) for x, y in m.edge(True)]
    clench = min(e.lower_lip, 1.0) * 0.8
    out = ""
    if e.tongue > 0.02:
        long, half = 26.0 * min(e.tongue, 1.0), 14.0 * min(1.0, 0.5 + e.tongue) * min(1.0, gap / 10.0)
        start = m.bottom - 0.45 * gap
        end = m.bottom - 0.3 * gap + long
        shape = at.curve(
            [
                (-half, start),
                (-half, start),
                (-half, end - half),
                (-half, end - half),
                (-half, end),
                (-half * 0.55, end + 1),
                (0, end + 1),
                (half * 0.55, end + 1),
                (half, end),
                (half, end - half),
                (half, end - half),
                (half, start),
                (half, start),
                (half * 0.6, start - 6),
                (-half * 0.6, start - 6),
                (-half, start),
            ],
            depth=1.05,
            close=True,
        )
        groove = at.curve([(0, start + 4), (0, start + 5), (0, end - half), (0, end - 9)], depth=1.05)
        out = (
            f'<path d="{shape}" fill="#f0788a"/><path d="{groove}" fill="none" stroke="#c94f66" stroke-width="4"'
            f' stroke-opacity="{min(1.0, gap / 16.0) * min(e.tongue, 1.0):.2f}"'
            f' stroke-linecap="round"/>'
        )
    return (
        f'<clipPath id="m"><path d="{opening}"/></clipPath>'
        f'<path d="{lips}" fill="{look.lips}"/>'
        f'<path d="{opening}" fill="#5c1424"/><g clip-path="url(#m)">'
        f'<ellipse cx="{tx:.1f}" cy="{ty:.1f}" rx="{m.half_width * 0.62:.1f}" ry="{0.32 * gap + 1:.1f}"'
        f' fill="#e8697a"/>'
        f'<path d="{teeth}" fill="#fffaf2"/>'
        f'<path d="{at.curve(bite, depth=1.03)}" fill="none" stroke="#a88f94" stroke-width="3"'
        f' stroke-opacity="{clench:.2f}"/>'
        f'</g><path d="{opening}" fill="none" stroke="#5e1c28" stroke-width="4.5" stroke-linejoin="round"/>{out}'
    )
