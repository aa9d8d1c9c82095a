"""Dataclasses as JSON objects, and back."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

_NAMES = {float: "a number", int: "a whole number", str: "a text", list: "a list", tuple: "a list"}


def to_json(value: Any) -> Any:
    """The value with dataclasses as dictionaries and tuples as lists.

    A field with the default None is left out while it is None; any other None stays.
    """
    if is_dataclass(value):
        items = ((field, getattr(value, field.name)) for field in fields(value))
        return {field.name: to_json(item) for field, item in items if item is not None or field.default is not None}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return [to_json(item) for item in value] if isinstance(value, list | tuple) else value


def from_json(kind: Any, value: Any, key: str = "") -> Any:
    """Inverse of `to_json`: a JSON value as a dataclass, or as another type that a field of one may have.

    Ignores keys that are no fields. Raises `ValueError` that says which value is missing or of another type; `key` is
    the place of the value in the document.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if NoneType in inner:
        return None if value is None else from_json(inner[0], value, key)
    if is_dataclass(kind) and isinstance(value, dict):
        types, values = get_type_hints(kind), {}
        for field in fields(kind):
            place = f"{key}.{field.name}".lstrip(".")
            if field.name in value:
                values[field.name] = from_json(types[field.name], value[field.name], place)
            elif field.default is not None:
                raise ValueError(f"{place} is missing")
        return kind(**values)
    if origin is dict and isinstance(value, dict):
        return {name: from_json(inner[1], item, f"{key}.{name}") for name, item in value.items()}
    if origin in (list, tuple) and isinstance(value, list):
        return origin(from_json(inner[0], item, f"{key}[{place}]") for place, item in enumerate(value))
    if type(value) in ((int, float) if kind is float else (kind,)):
        return value
    raise ValueError(f"{key or 'the file'} is not {_NAMES.get(origin or kind, 'an object')}")
