"""From points on a face to points on the picture: a rounded head that turns, seen from the front."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]

CENTRE: Point = (128.0, 136.0)
"""Middle of the face on the picture of 256 × 256 units; points of the face are relative to it, y downwards."""
_RADII: Point = (96.0, 150.0)  # of the head as an ellipsoid: across and up, units


class Projection:
    """Turns points on the front of an ellipsoid by yaw and pitch (degrees), so that the far side is foreshortened."""

    def __init__(self, yaw: float, pitch: float) -> None:
        self.sin_yaw, self.cos_yaw = math.sin(math.radians(yaw)), math.cos(math.radians(yaw))
        self.sin_pitch, self.cos_pitch = math.sin(math.radians(pitch)), math.cos(math.radians(pitch))

    def point(self, x: float, y: float, depth: float = 1.0) -> Point:
        """Where a point of the face is seen; `depth` 1 is on the skin, more in front of it, 0 on the head's axis."""
        ahead = math.sqrt(max(_RADII[0] ** 2 - x * x, 0.0)) * depth
        above = math.sqrt(max(_RADII[1] ** 2 - y * y, 0.0)) * depth
        return (
            CENTRE[0] + x * self.cos_yaw + ahead * self.sin_yaw,
            CENTRE[1] + y * self.cos_pitch - above * self.sin_pitch,
        )

    def curve(self, points: Sequence[Point], depth: float = 1.0, close: bool = False) -> str:
        """SVG path data: a start, then three points for each cubic Bézier piece."""
        data = ["M{:.1f} {:.1f}C".format(*self.point(*points[0], depth))]
        data += ["{:.1f} {:.1f}".format(*self.point(x, y, depth)) for x, y in points[1:]]
        return " ".join(data) + ("Z" if close else "")
