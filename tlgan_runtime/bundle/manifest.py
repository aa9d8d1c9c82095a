"""`manifest.json`, which describes a bundle and lists its files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tlgan_runtime.errors import BundleDamagedError, BundleSchemaError
from tlgan_runtime.latent.names import LONGEST, is_plain
from tlgan_runtime.messages import listed, shown

SCHEMA_VERSION = 2
"""Since version 2, the evaluation is a separate file, and `paths.onnx` takes the emotions to keep as a plain input."""
READABLE = (1, SCHEMA_VERSION)
MANIFEST = "manifest.json"
ROLES = {
    "generator.onnx": "generator",
    "generator_int8.onnx": "generator_int8",
    "classifier.onnx": "classifier",
    "axes.json": "axes",
    "evaluation.json": "evaluation",
    "encoder.onnx": "encoder",
    "mapping.onnx": "mapping",
    "paths.onnx": "paths",
    "networks.safetensors": "networks",
    "MODEL_CARD.md": "card",
    "preview.gif": "preview",
}
REQUIRED_ROLES = ("generator", "classifier", "axes")
GRAPH_ROLES = frozenset(role for name, role in ROLES.items() if name.endswith(".onnx"))

# A float32 parameter takes 4 bytes: this is four times the generator of StyleGAN2, and twice a whole AlexNet.
_MAX_GRAPH_BYTES = 512 * 2**20
MAX_BYTES = dict.fromkeys(GRAPH_ROLES, _MAX_GRAPH_BYTES) | {
    "axes": 32 * 2**20,  # shipped: 0.3 MiB for six methods of 64 latents. In memory, JSON takes up to 20 times as much
    "card": 2**20,
    "preview": 64 * 2**20,
}
"""Largest size of the file of each role. Files of other roles have `MAX_OTHER_BYTES`."""
MAX_OTHER_BYTES = 64 * 2**20
MAX_MANIFEST_BYTES = 4 * 2**20
"""Shipped manifests have 5 kB. Those of schema 1 have 0.2 MiB, nearly all of it measurements."""
MAX_FILES = 100
MAX_LATENT_DIM, MAX_IMAGE_SIZE = 4096, 4096
"""StyleGAN has a latent dimension of 512, and pictures of 1024 pixels."""
MAX_NAMES = {"emotions": 256, "characters": 1000, "drawn_characters": 1000}
MAX_LICENSE = 20_000
"""Largest number of characters in `license`, which may be the whole text of a licence."""
MAX_NESTING = 32
"""Largest depth of lists and objects within each other. Shipped bundles have at most 8."""
_MAX_WHOLE = 2**64  # seeds go up to here

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class FileEntry:
    """What the manifest says about one file. `docs/bundle-format.md` shows these docstrings."""

    sha256: str
    """SHA-256 of the content."""
    bytes: int
    """Size of the file."""
    role: str
    """What the file is for. Readers ignore files of roles that they do not know."""


@dataclass(frozen=True)
class Fit:
    """How well pictures that were kept from training are drawn again, as a normal distribution.

    Its values are logarithms of the mean squared error, where levels are from 0 to 1.
    """

    mean: float
    """Mean of the distribution."""
    deviation: float
    """Standard deviation of the distribution."""


@dataclass(frozen=True)
class Manifest:
    """`manifest.json`, a field for each key. `docs/bundle-format.md` shows these docstrings."""

    schema_version: int
    """Version of this format."""
    name: str
    """Name of the bundle."""
    created_by: str
    """Program and version that wrote the bundle."""
    latent_dim: int
    """Numbers in a latent, D."""
    image_size: int
    """Side of the square pictures in pixels, S."""
    emotions: tuple[str, ...]
    """The E emotions, in the order of the output `emotion` of the classifier and of every list in `axes.json`."""
    characters: tuple[str, ...]
    """The C characters that the classifier knows, in the order of its output `character`."""
    drawn_characters: tuple[str, ...]
    """The characters that the generator draws, in the order of the characters in `axes.json`."""
    files: Mapping[str, FileEntry]
    """An entry for each file, by the name of the file. `manifest.json` has none."""
    training: Mapping[str, Any]
    """How the bundle was trained, for people: data, pictures, preset, seed, times."""
    metrics: Mapping[str, Any]
    """Figures that `cheermeup info` shows, for people: `methods`, `attributes`, `weaknesses`, `int8`, where there are
    any."""
    license: str
    """Who may use the bundle for what: a name or a whole text."""
    channels: int = 3
    """3 if the generator draws RGB, 4 if it draws RGBA with straight alpha."""
    background: str = "#ffffff"
    """With 4 channels, the colour that faces are shown on unless another one is asked for: `#` and six hexadecimal
    digits."""
    reader_size: int | None = None
    """Side in pixels of the pictures that the classifier reads, R, which divides S. Pictures of S pixels are averaged
    over squares first. If it is missing, R is S."""
    fit: Fit | None = None
    """How well pictures fit the bundle. It is there where the bundle has an encoder: an object with `mean` and
    `deviation`, see below."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of all files."""
        return tuple(entry.role for entry in self.files.values())

    @property
    def read_size(self) -> int:
        """Side of the pictures that the classifier reads, in pixels."""
        return self.reader_size or self.image_size

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object for `manifest.json`."""
        given = {key: value for key, value in asdict(self).items() if value is not None}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Manifest:
        """Check a JSON object and return its manifest. Keys that this version does not know are ignored.

        Raises `BundleSchemaError` for an unknown schema version, and `BundleDamagedError` for any other mistake.
        """
        version = document.get("schema_version")
        if type(version) is not int or version not in READABLE:
            raise BundleSchemaError(
                f"{MANIFEST} has schema_version {shown(version)}; this runtime reads {listed(map(str, READABLE))}: "
                "install a matching version of cheermeup, or export the bundle again"
            )
        values: dict[str, Any] = {}
        for key, longest in (("name", LONGEST), ("created_by", LONGEST), ("license", MAX_LICENSE)):
            values[key] = _field(document, key, str)
            text = re.sub(r"[\n\t]", " ", values[key]) if key == "license" else values[key]
            if text and not is_plain(text, longest):
                raise BundleDamagedError(f"{MANIFEST}: {key} must be plain text of at most {longest} characters")
        for key, largest in (("latent_dim", MAX_LATENT_DIM), ("image_size", MAX_IMAGE_SIZE)):
            values[key] = _field(document, key, int)
            if not 1 <= values[key] <= largest:
                raise BundleDamagedError(f"{MANIFEST}: {key} must be between 1 and {largest}, not {shown(values[key])}")
        values |= {key: _names(document, key, most) for key, most in MAX_NAMES.items()}
        values |= _look(document, values["image_size"])
        if document.get("fit") is not None:
            values["fit"] = _fit(_field(document, "fit", dict))
        if not set(values["drawn_characters"]) <= set(values["characters"]):
            raise BundleDamagedError(f"{MANIFEST}: drawn_characters must be some of the characters")
        values |= {key: _field(document, key, dict) for key in ("training", "metrics")}
        if len(_field(document, "files", dict)) > MAX_FILES:
            raise BundleDamagedError(f"{MANIFEST} lists over {MAX_FILES} files")
        files = {name: _file_entry(name, entry) for name, entry in _field(document, "files", dict).items()}
        roles = [entry.role for entry in files.values()]
        for role in {**dict.fromkeys(REQUIRED_ROLES), **dict.fromkeys(ROLES.values())}:
            count = roles.count(role)
            if count > 1 or (count == 0 and role in REQUIRED_ROLES):
                raise BundleDamagedError(f"{MANIFEST} must list one file of role {role!r}, not {count}")
        return cls(schema_version=version, files=files, **values)


def parse_json(content: bytes, name: str) -> dict[str, Any]:
    """Parse a JSON object. Raises `BundleDamagedError` for damaged JSON, and for these extremes that JSON allows.

    They are NaN, infinity, huge numbers, deep nesting, duplicate keys, and text with half of a surrogate pair.
    """

    def refuse_constant(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in pairs:
            if key in values:
                raise ValueError(f"the key {shown(key)} is there twice")
            values[key] = value
        return values

    try:
        document = json.loads(content, parse_constant=refuse_constant, object_pairs_hook=refuse_duplicates)
        _refuse_extremes(document)
    except UnicodeEncodeError as error:
        raise BundleDamagedError(f"{name} is not readable JSON: a text in it holds half of a character") from error
    except (ValueError, RecursionError) as error:
        raise BundleDamagedError(f"{name} is not readable JSON: {error}") from error
    if not isinstance(document, dict):
        raise BundleDamagedError(f"{name} must hold a JSON object")
    return document


def _refuse_extremes(document: Any) -> None:
    """Raise `ValueError` for values that JSON allows but later code cannot handle."""
    level = [document]
    for _ in range(MAX_NESTING):
        inner = []
        for node in level:
            if isinstance(node, dict):
                "".join(node).encode()  # raises for half of a surrogate pair, as below
            for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
                if isinstance(value, list | dict):
                    inner.append(value)
                elif isinstance(value, str):
                    value.encode()
                elif isinstance(value, float) and not math.isfinite(value):
                    raise ValueError("a number in it is larger than any float")
                elif isinstance(value, int) and abs(value) > _MAX_WHOLE:
                    raise ValueError("a whole number in it has over 64 bits")
        if not (level := inner):
            return
    raise ValueError(f"it is nested over {MAX_NESTING} deep")


def _field(document: Mapping[str, Any], key: str, kind: type) -> Any:
    value = document.get(key)
    if type(value) is not kind:
        raise BundleDamagedError(f"{MANIFEST}: {key!r} must be a {kind.__name__}, not {shown(value)}")
    return value


def _look(document: Mapping[str, Any], image_size: int) -> dict[str, Any]:
    """Return the keys on channels and sizes that a bundle has. Those that it lacks have defaults."""
    values = {key: document[key] for key in ("channels", "background", "reader_size") if document.get(key) is not None}
    if type(channels := values.get("channels", 3)) is not int or channels not in (3, 4):
        raise BundleDamagedError(f"{MANIFEST}: channels must be 3 or 4, not {shown(channels)}")
    background = values.get("background", "#ffffff")
    if not isinstance(background, str) or not _COLOUR.fullmatch(background):
        raise BundleDamagedError(
            f"{MANIFEST}: background must be # and six hexadecimal digits, not {shown(background)}"
        )
    size = values.get("reader_size", image_size)
    if type(size) is not int or size < 1 or image_size % size:
        raise BundleDamagedError(f"{MANIFEST}: reader_size must divide image_size ({image_size}), not {shown(size)}")
    return values


def _fit(entry: Mapping[str, Any]) -> Fit:
    values = []
    for key, low, high in (("mean", -100.0, 0.0), ("deviation", 0.001, 100.0)):
        value = entry.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise BundleDamagedError(
                f"{MANIFEST}: {key} of fit must be a number from {low:g} to {high:g}, not {shown(value)}"
            )
        values.append(float(value))
    return Fit(*values)


def _names(document: Mapping[str, Any], key: str, most: int) -> tuple[str, ...]:
    names = _field(document, key, list)
    if not names or len(names) > most or not all(map(is_plain, names)) or len(set(names)) != len(names):
        raise BundleDamagedError(
            f"{MANIFEST}: {key!r} must be a list of 1 to {most} different names without control characters, "
            f"not {shown(names)}"
        )
    return tuple(names)


def _file_entry(name: str, entry: Any) -> FileEntry:
    if not _PLAIN_NAME.fullmatch(name) or name == MANIFEST:
        raise BundleDamagedError(f"{MANIFEST} lists {shown(name)}; files must have plain names inside the bundle")
    if not isinstance(entry, dict):
        raise BundleDamagedError(f"{MANIFEST}: the entry of {name} must be an object")
    digest, role = _field(entry, "sha256", str), _field(entry, "role", str)
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise BundleDamagedError(f"{MANIFEST}: the sha256 of {name} must be 64 hexadecimal digits")
    if not _PLAIN_NAME.fullmatch(role):
        raise BundleDamagedError(f"{MANIFEST}: the role of {name} must be a plain name, not {shown(role)}")
    size, most = _field(entry, "bytes", int), MAX_BYTES.get(role, MAX_OTHER_BYTES)
    if not 0 <= size <= most:
        raise BundleDamagedError(f"{MANIFEST}: {name} has {shown(size)} bytes; a {role} file has at most {most}")
    return FileEntry(digest, size, role)
