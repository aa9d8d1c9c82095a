"""Round shapes as SVG path data."""

from __future__ import annotations

from collections.abc import Sequence


def ellipse(x: float, y: float, rx: float, ry: float) -> str:
    """Path data of an ellipse; one path of many shapes draws faster than many shapes."""
    return f"M{x - rx:.1f} {y:.1f}a{rx:.1f} {ry:.1f} 0 1 0 {2 * rx:.1f} 0a{rx:.1f} {ry:.1f} 0 1 0 {-2 * rx:.1f} 0Z"


def circles(places: Sequence[tuple[float, float, float]]) -> str:
    """Path data of circles (x, y, radius)."""
    return "".join(ellipse(x, y, r, r) for x, y, r in places)
