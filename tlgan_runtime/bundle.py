"""Bundles: the folder or .zip that training hands to the runtime, read and written here and nowhere else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from tlgan_runtime.archive import open_archive
from tlgan_runtime.axes import Axes, parse_axes
from tlgan_runtime.errors import BundleDamagedError, BundleError, BundleNotFoundError, InputError
from tlgan_runtime.files import replacing
from tlgan_runtime.manifest import (
    GRAPH_ROLES,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    ROLES,
    SCHEMA_VERSION,
    FileEntry,
    Manifest,
    parse_json,
)
from tlgan_runtime.messages import shown
from tlgan_runtime.onnx_wire import check_model

DEFAULT_BUNDLE = "solo"
_BEFORE = "cheermeup-before-"  # begins the names of copies of files that are being replaced


class Bundle:
    """An opened bundle: its manifest, and its files checked as they are read.

    Opening checks that every listed file is there with the right size; reading one checks its SHA-256 and returns
    the very bytes that were hashed, so that nothing can change in between.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path).resolve()
        self._archive = open_archive(self.path, MANIFEST)
        sizes = self._archive.sizes
        if sizes[MANIFEST] > MAX_MANIFEST_BYTES:
            raise BundleDamagedError(f"{MANIFEST} in {self.path} is over {MAX_MANIFEST_BYTES} bytes: not a manifest")
        self.manifest = Manifest.from_dict(parse_json(self.read_manifest(), MANIFEST))
        for name, entry in self.manifest.files.items():
            size = sizes.get(name)
            if size is None:
                raise BundleNotFoundError(f"{name} is missing from the bundle {self.path}; get a complete copy")
            if size != entry.bytes:
                raise BundleDamagedError(
                    f"{name} in the bundle {self.path} has {size} bytes, not {entry.bytes}; get a fresh copy"
                )

    def read_manifest(self) -> bytes:
        """The file itself, with what this version does not know."""
        return self._archive.read(MANIFEST)

    def read(self, role: str) -> bytes:
        """The content of the file of that role, verified; raises `BundleError`s, also for a role that is not there."""
        for name, entry in self.manifest.files.items():
            if entry.role == role:
                return self._read_verified(name, entry)
        raise BundleNotFoundError(f"the bundle {self.path} has no {role}; roles in it: {', '.join(self.roles)}")

    def verify(self) -> dict[str, FileEntry]:
        """Reads and checks every file, whatever its role; returns what was checked."""
        for name, entry in self.manifest.files.items():
            self._read_verified(name, entry)
        self.axes  # noqa: B018  parsing is the check
        return dict(self.manifest.files)

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(entry.role for entry in self.manifest.files.values())

    @cached_property
    def axes(self) -> Axes:
        """`axes.json`, checked against the manifest."""
        document = parse_json(self.read("axes"), "axes.json")
        manifest = self.manifest
        return parse_axes(document, manifest.emotions, manifest.latent_dim, manifest.drawn_characters)

    def _read_verified(self, name: str, entry: FileEntry) -> bytes:
        content = self._archive.read(name)
        if len(content) != entry.bytes or hashlib.sha256(content).hexdigest() != entry.sha256:
            raise BundleDamagedError(f"{name} in the bundle {self.path} is damaged (SHA-256 differs); get a fresh copy")
        if entry.role in GRAPH_ROLES or name.endswith(".onnx"):
            check_model(content, name)
        return content


def find_bundle(spec: str | PathLike[str] | None = None) -> Path:
    """Where a bundle is: a path as it is, else the name of an embedded bundle; None is the default one."""
    embedded = embedded_bundles()
    known = f"embedded bundles: {', '.join(embedded) or 'none'}"
    if spec is None:
        if DEFAULT_BUNDLE in embedded:
            return embedded[DEFAULT_BUNDLE]
        raise BundleNotFoundError(f"no bundle {DEFAULT_BUNDLE!r} in {_exported()} ({known}); name one with --bundle")
    try:
        path = Path(spec)
        if path.is_file() or (path / MANIFEST).is_file():
            return path
        exists = path.exists()
    except TypeError as error:
        raise InputError(f"a bundle is named by a path or an embedded name, not {shown(spec)}") from error
    except OSError as error:
        raise BundleNotFoundError(f"cannot look at {str(spec)[:200]}: {error.strerror}") from error
    if str(spec) in embedded:
        return embedded[str(spec)]
    if exists:
        raise BundleNotFoundError(f"{path} is not a bundle: there is no {MANIFEST} in it")
    raise BundleNotFoundError(f"no bundle at {path}; give a folder, a .zip or one of the {known}")


def embedded_bundles() -> dict[str, Path]:
    """Name -> folder of the bundles that came with the installation (or that are in the checkout)."""
    return {path.parent.name: path.parent for path in sorted(_exported().glob(f"*/{MANIFEST}"))}


def write_manifest(
    folder: str | PathLike[str],
    *,
    name: str,
    created_by: str,
    latent_dim: int,
    image_size: int,
    emotions: Sequence[str],
    characters: Sequence[str],
    drawn_characters: Sequence[str],
    training: Mapping[str, Any],
    metrics: Mapping[str, Any],
    license: str,
    roles: Mapping[str, str] | None = None,
) -> Manifest:
    """Describes every file in `folder` in its `manifest.json` and reads the result back as a runtime would.

    A file's role is that of `roles`, else the usual one of its name (`ROLES`), else its name without suffix.
    """
    root = Path(folder)
    files = {}
    for path in sorted(root.iterdir()):
        if path.name == MANIFEST or path.name.startswith("."):
            continue
        role = {**ROLES, **(roles or {})}.get(path.name, path.stem)
        files[path.name] = _described(path.read_bytes(), role)
    document = {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "created_by": created_by,
        "latent_dim": latent_dim,
        "image_size": image_size,
        "emotions": list(emotions),
        "characters": list(characters),
        "drawn_characters": list(drawn_characters),
        "files": files,
        "training": dict(training),
        "metrics": dict(metrics),
        "license": license,
    }
    manifest = Manifest.from_dict(document)
    _write_manifest(root, document)
    Bundle(root).verify()
    return manifest


def amend_bundle(path: str | PathLike[str], files: Mapping[str, bytes], metrics: Mapping[str, Any]) -> Manifest:
    """Replaces files of a bundle that is a folder, and adds `metrics` to its own; interrupted anywhere, it is whole."""
    bundle = Bundle(path)
    if not bundle.path.is_dir():
        raise InputError(f"{path} is a .zip, which cannot be changed in place; unpack it and name the folder")
    document = parse_json(bundle.read_manifest(), MANIFEST)
    listed = {name: entry for name, entry in document["files"].items() if name.removeprefix(_BEFORE) not in files}
    listed |= {name: _described(content, ROLES.get(name, Path(name).stem)) for name, content in files.items()}
    metrics = {**document["metrics"], **metrics}
    _exchange(bundle.path, document, {**document, "files": dict(sorted(listed.items())), "metrics": metrics}, files)
    amended = Bundle(bundle.path)
    amended.verify()
    return amended.manifest


def replace_bundle(path: str | PathLike[str], folder: str | PathLike[str]) -> None:
    """Puts a copy of the bundle `folder` in the place of the bundle `path`, which is a folder, too.

    Interrupted anywhere, `path` is the old bundle or the new one. Files that the old manifest does not list stay.
    """
    root, source = Path(path), Path(folder)
    after = parse_json(Bundle(source).read_manifest(), MANIFEST)
    try:
        before = parse_json(Bundle(root).read_manifest(), MANIFEST)
    except BundleError:  # nothing in it can be used
        before = None
    _exchange(root, before, after, {name: (source / name).read_bytes() for name in after["files"]})


def _exchange(
    root: Path, before: Mapping[str, Any] | None, after: Mapping[str, Any], files: Mapping[str, bytes]
) -> None:
    """From the manifest `before` to the manifest `after`, which describes `files` and what is there already.

    Several files cannot be replaced at once. So copies of the old ones are what the manifest names meanwhile.
    """
    meanwhile = dict(before["files"]) if before else {}
    for name in set(files) & set(meanwhile):
        _write(root / (_BEFORE + name), (root / name).read_bytes())
        meanwhile[_BEFORE + name] = meanwhile.pop(name)
    if before:
        _write_manifest(root, {**before, "files": meanwhile})
    for name, content in files.items():
        _write(root / name, content)
    _write_manifest(root, after)
    for leftover in {*(root / name for name in meanwhile), *root.glob(_BEFORE + "*")}:
        if leftover.name not in after["files"]:
            leftover.unlink(missing_ok=True)


def _described(content: bytes, role: str) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "role": role}


def _write_manifest(root: Path, document: Mapping[str, Any]) -> None:
    _write(root / MANIFEST, (json.dumps(document, indent=2, allow_nan=False) + "\n").encode())


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _exported() -> Path:
    package = Path(__file__).resolve().parent
    installed = package / "exported"
    return installed if installed.is_dir() else package.parent / "exported"
