"""Which media type an answer has, by the header Accept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tlgan_runtime.server.refusal import RefusedError

_QUALITY = re.compile(r"q=([01](?:\.\d{0,3})?)")


def chosen(accept: str | None, offered: Sequence[str]) -> str:
    """Return the type of `offered` that `accept` prefers; the first one if it has no preference.

    Raises `RefusedError` if it takes none of them.
    """
    if not accept:
        return offered[0]
    ranges = [_range(part) for part in accept.lower().split(",")]
    weights = {kind: _weight(kind, ranges) for kind in offered}
    best = max(offered, key=lambda kind: weights[kind])
    if not weights[best]:
        raise RefusedError(406, f"this can be {', '.join(offered)}; accept one of these")
    return best


def _weight(kind: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the weight of the most exact range that holds a type; 0 if none does."""
    for wanted in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        found = [weight for name, weight in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    found = [match for match in map(_QUALITY.fullmatch, parameters) if match]
    return name, min(float(found[0][1]), 1.0) if found else 1.0
