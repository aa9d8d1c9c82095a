"""The description of the API, OpenAPI 3.1, made from the options of each operation."""

from __future__ import annotations

from typing import Any

from tlgan_runtime.option import Behind, Choice, Flag, Kind, Names, Options, Paint, Real, Text, Whole
from tlgan_runtime.server.limits import Limits
from tlgan_runtime.server.operations import JSON, OPERATIONS, Operation
from tlgan_runtime.server.options import Box, Latents, Strengths, required
from tlgan_runtime.version import __version__

_TEXT, _NUMBER = {"type": "string"}, {"type": "number"}
_MIX = {"type": "object", "additionalProperties": _NUMBER}
_LATENTS = {"type": "array", "items": {"type": "array", "items": _NUMBER}}
_BOX = {"type": "array", "items": _NUMBER, "minItems": 4, "maxItems": 4}
_PICTURE = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}
_FOUND = {"latents": _LATENTS, "box": _BOX, "fit": {"type": "number", "minimum": 0, "maximum": 1}}
_ODDS = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}
_ANSWERS: dict[str, dict[str, Any]] = {
    "render": {"pictures": {"type": "array", "items": _PICTURE}, "media_type": _TEXT, "latents": _LATENTS},
    "move": {"latents": _LATENTS},
    "edit": {"picture": _PICTURE, "media_type": _TEXT, **_FOUND},
    "invert": _FOUND,
    "read": {"emotion": _ODDS, "character": _ODDS},
}
"""Properties of the answers in JSON."""
_ERRORS = {
    "400": "The request cannot be read.",
    "406": "None of the media types that the request accepts is there.",
    "408": "The body did not arrive in time.",
    "413": "The body is too large.",
    "415": "The body has another media type.",
    "421": "The server does not answer for this host.",
    "422": "A value that the operation does not take, or a picture that does not fit.",
    "501": "The bundle or the installation lacks a part, such as the encoder or ffmpeg.",
    "503": "The server is busy; Retry-After says when to try again.",
}
_PLAIN = {
    "/": ("A page with sliders, which uses this API.", "text/html"),
    "/v1/info": ("The bundle, its names, and the limits of the server.", JSON),
    "/v1/openapi.json": ("This description.", JSON),
    "/healthz": ("Whether the server draws, and on what.", JSON),
    "/metrics": ("Figures for Prometheus.", "text/plain"),
}


def description(limits: Limits) -> dict[str, Any]:
    """Return the OpenAPI document of a server with these limits."""
    paths: dict[str, Any] = {f"/v1/{name}": {"post": _operation(name, one, limits)} for name, one in OPERATIONS.items()}
    for path, (about, media_type) in _PLAIN.items():
        answer = {"description": about, "content": {media_type: {}}}
        paths[path] = {"get": {"summary": about, "responses": {"200": answer}}}
    error = {"type": "object", "properties": {"error": _TEXT}, "required": ["error"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "CheerMeUp", "version": __version__, "license": {"name": "MIT", "identifier": "MIT"}},
        "paths": paths,
        "components": {"schemas": {"Error": error}},
    }


def _operation(name: str, one: Operation, limits: Limits) -> dict[str, Any]:
    document: dict[str, Any] = {"operationId": name, "summary": one.about}
    schemas = {key: _property(one.options, key, limits) for key in one.options.shared()}
    needed = required(one.options)
    if one.of_picture:
        document["parameters"] = [_parameter(key, schema, key in needed) for key, schema in schemas.items()]
        document["requestBody"] = {"required": True, "content": {"image/*": {}, "application/octet-stream": {}}}
    else:
        schema = {"type": "object", "properties": schemas, "required": needed, "additionalProperties": False}
        document["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    content = {kind: _answer(name) if kind == JSON else {} for kind in one.gives}
    document["responses"] = {"200": {"description": "Done.", "content": content}} | {
        status: {"description": about, "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
        for status, about in _ERRORS.items()
    }
    return document


def _answer(name: str) -> dict[str, Any]:
    properties = _ANSWERS[name]
    return {"schema": {"type": "object", "properties": properties, "required": list(properties)}}


def _property(options: type[Options], name: str, limits: Limits) -> dict[str, Any]:
    one, default = options.shared()[name], options.defaults().get(name)
    shown = options.shown_default(name) if default is None else None
    schema = _schema(limits.narrowed(name, one.kind)) | {
        "description": one.about if shown is None else f"{one.about} [{shown}]"
    }
    return schema if default is None else {**schema, "default": list(default) if default == () else default}


def _parameter(name: str, schema: dict[str, Any], needed: bool) -> dict[str, Any]:
    about = schema.pop("description")
    if schema == _MIX:  # in a query, each is `name:strength`
        schema, about = {"type": "array", "items": _TEXT}, f"{about} Written as joy:0.8; repeated for further names."
    separated = {"explode": False} if schema == _BOX else {}
    return {"name": name, "in": "query", "description": about, "required": needed, "schema": schema, **separated}


def _schema(kind: Kind) -> dict[str, Any]:
    match kind:
        case Whole(low=low, high=high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case Real(low=low, high=high):
            return {"type": "number", "minimum": low, "maximum": high}
        case Choice(names=names):
            return {"type": "string", "enum": list(names)}
        case Flag():
            return {"type": "boolean"}
        case Names():
            return {"type": "array", "items": _TEXT}
        case Behind() | Paint():
            return dict(_TEXT)
        case Strengths():
            return dict(_MIX)
        case Latents():
            return dict(_LATENTS)
        case Box():
            return dict(_BOX)
        case Text(json=types):
            by_type: dict[type, str] = {str: "string", list: "array", dict: "object"}
            return {"type": [by_type[one] for one in types] if len(types) > 1 else by_type[types[0]]}
    raise TypeError(f"OpenAPI cannot describe {kind}")
