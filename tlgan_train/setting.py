"""Declare a setting with its default and bounds, and check its values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from tlgan_train.errors import TrainError


def setting(
    default: Any,
    *,
    needs: tuple[str, ...] = (),
    least: float = 0,
    above: float | None = None,
    below: float = math.inf,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field with bounds. Numbers are at least `least`, above `above` and below `below`.

    Text is one of `choices`. The setting has no effect unless every setting in `needs` is above 0 or true, has the
    value after `=`, or has another value than the one after `!=`.
    """
    bounds = {"least": least, "above": above, "below": below, "choices": choices}
    return field(default=default, metadata={"needs": needs, **bounds})


def share(default: float) -> Any:
    """Return a setting whose value is at least 0 and below 1."""
    return setting(default, below=1)


def checked(key: str, value: Any, kind: type, bounds: Mapping[str, Any]) -> Any:
    """Return the `value` of the setting `key`, converted from text to `kind` if necessary.

    Raises `TrainError` if the value is outside the `bounds`, the metadata of the field.
    """
    value = _converted(key, value, kind)
    choices = bounds.get("choices", ())
    if choices and value not in choices:
        raise TrainError(f"{key} must be one of {', '.join(choices)}, not {value}")
    if isinstance(value, int | float):
        low, above, below = bounds.get("least", 0), bounds.get("above"), bounds.get("below", math.inf)
        if not low <= value < below or (above is not None and value <= above):
            least = f"{low} or more" if above is None else f"above {above}"
            limit = "finite" if below == math.inf else f"below {below}"
            raise TrainError(f"{key} must be {least} and {limit}, not {value}")
    return value


def _converted(key: str, value: Any, kind: type) -> Any:
    if isinstance(value, str) and kind is bool and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, str) and kind in (int, float):
        try:
            return kind(value.replace("_", ""))
        except ValueError:
            raise TrainError(
                f"{key} must be {'a whole number' if kind is int else 'a number'}, not {value!r}"
            ) from None
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TrainError(f"{key} must be {'true or false' if kind is bool else kind.__name__}, not {value!r}")
    return value
