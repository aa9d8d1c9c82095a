"""`manifest.json`: what a bundle says about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tlgan_runtime.errors import BundleDamagedError, BundleSchemaError

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
ROLES = {
    "generator.onnx": "generator",
    "generator_int8.onnx": "generator_int8",
    "classifier.onnx": "classifier",
    "axes.json": "axes",
    "encoder.onnx": "encoder",
    "mapping.onnx": "mapping",
    "paths.onnx": "paths",
    "gradient.onnx": "gradient",
    "MODEL_CARD.md": "card",
    "preview.gif": "preview",
}
REQUIRED_ROLES = ("generator", "classifier", "axes")

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class FileEntry:
    """What the manifest says about one file."""

    sha256: str
    """Lower-case hexadecimal digest."""
    bytes: int
    """Size."""
    role: str
    """What the file is for; a role that the runtime does not know is ignored."""


@dataclass(frozen=True)
class Manifest:
    """`manifest.json`, one field a key."""

    schema_version: int
    name: str
    created_by: str
    latent_dim: int
    image_size: int
    """Side of the square pictures, pixels."""
    emotions: tuple[str, ...]
    characters: tuple[str, ...]
    """The classifier's, in the order of its output."""
    drawn_characters: tuple[str, ...]
    """Those that the generator was trained on."""
    files: Mapping[str, FileEntry]
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]
    license: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Manifest:
        """Inverse of `to_dict`; keys that this version does not know are ignored, anything else wrong is an error."""
        version = document.get("schema_version")
        if type(version) is not int or version != SCHEMA_VERSION:
            raise BundleSchemaError(
                f"{MANIFEST} has schema_version {version!r}; this runtime reads {SCHEMA_VERSION}: "
                "install a matching version of cheermeup, or export the bundle again"
            )
        values = {key: _field(document, key, str) for key in ("name", "created_by", "license")}
        values |= {key: _field(document, key, int) for key in ("latent_dim", "image_size")}
        values |= {key: _names(document, key) for key in ("emotions", "characters", "drawn_characters")}
        values |= {key: _field(document, key, dict) for key in ("training", "metrics")}
        for key in ("latent_dim", "image_size"):
            if not 1 <= values[key] <= 65536:
                raise BundleDamagedError(f"{MANIFEST}: {key} must be between 1 and 65536, not {values[key]}")
        files = {name: _file_entry(name, entry) for name, entry in _field(document, "files", dict).items()}
        roles = [entry.role for entry in files.values()]
        for role in REQUIRED_ROLES:
            if roles.count(role) != 1:
                raise BundleDamagedError(f"{MANIFEST} must list one file of role {role!r}, not {roles.count(role)}")
        return cls(schema_version=version, files=files, **values)


def parse_json(content: bytes, name: str) -> dict[str, Any]:
    """A JSON object; refuses NaN, keys that are there twice and anything that is not an object."""

    def refuse_constant(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) != len(keys):
            raise ValueError(f"a key of {keys} is there twice")
        return dict(pairs)

    try:
        document = json.loads(content, parse_constant=refuse_constant, object_pairs_hook=refuse_duplicates)
    except (ValueError, RecursionError) as error:
        raise BundleDamagedError(f"{name} is not readable JSON: {error}") from error
    if not isinstance(document, dict):
        raise BundleDamagedError(f"{name} must hold a JSON object")
    return document


def _field(document: Mapping[str, Any], key: str, kind: type) -> Any:
    value = document.get(key)
    if type(value) is not kind:
        raise BundleDamagedError(f"{MANIFEST}: {key!r} must be a {kind.__name__}, not {value!r}"[:200])
    return value


def _names(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = _field(document, key, list)
    if not names or not all(isinstance(name, str) and name for name in names) or len(set(names)) != len(names):
        raise BundleDamagedError(f"{MANIFEST}: {key!r} must be a list of different names, not {names!r}"[:200])
    return tuple(names)


def _file_entry(name: str, entry: Any) -> FileEntry:
    if not _PLAIN_NAME.fullmatch(name) or name == MANIFEST:
        raise BundleDamagedError(f"{MANIFEST} lists {name!r}; files must have plain names inside the bundle")
    if not isinstance(entry, dict):
        raise BundleDamagedError(f"{MANIFEST}: the entry of {name} must be an object")
    digest = _field(entry, "sha256", str)
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise BundleDamagedError(f"{MANIFEST}: the sha256 of {name} must be 64 hexadecimal digits")
    return FileEntry(digest, _field(entry, "bytes", int), _field(entry, "role", str))
