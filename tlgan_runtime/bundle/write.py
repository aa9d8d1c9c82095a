"""Write the manifest of a bundle, and replace files of a bundle so that it is complete at every moment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

from tlgan_runtime.bundle.manifest import MANIFEST, ROLES, SCHEMA_VERSION, FileEntry, Manifest, parse_json
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.errors import BundleError, InputError
from tlgan_runtime.files import replacing

_BEFORE = "cheermeup-before-"  # prefix of the names of copies of files that are being replaced


def write_manifest(folder: str | PathLike[str], *, roles: Mapping[str, str] | None = None, **facts: Any) -> Manifest:
    """Write a `manifest.json` that lists every file in `folder`, verify the bundle, and return the manifest.

    `facts` are the fields of `Manifest`, except for `schema_version` and `files`. A file's role is that in `roles`,
    else the usual one for its name (`ROLES`), else its name without suffix.
    """
    root = Path(folder)
    files: dict[str, FileEntry] = {}
    for path in sorted(root.iterdir()):
        if path.name == MANIFEST or path.name.startswith("."):
            continue
        role = {**ROLES, **(roles or {})}.get(path.name, path.stem)
        files[path.name] = _described(path.read_bytes(), role)
    document = Manifest(schema_version=SCHEMA_VERSION, files=files, **facts).to_dict()
    manifest = Manifest.from_dict(document)
    _write_manifest(root, document)
    Bundle(root).verify()
    return manifest


def changeable(path: str | PathLike[str]) -> Path:
    """Return the folder of a bundle. Raises `InputError` for a .zip, which `amend_bundle` cannot change."""
    folder = Bundle(path).path
    if not folder.is_dir():
        raise InputError(f"{path} is a .zip, which cannot be changed in place; unpack it and name the folder")
    return folder


def amend_bundle(
    path: str | PathLike[str], files: Mapping[str, bytes], metrics: Mapping[str, Any], **facts: Any
) -> Manifest:
    """Replace or add files in a bundle that is a folder, and add `metrics` to its manifest. Returns the new manifest.

    `facts` are further keys of the manifest with their new JSON values.

    The bundle is complete at every moment, even after an interrupt.
    """
    bundle = Bundle(changeable(path))
    document = parse_json(bundle.read_manifest(), MANIFEST)
    listed = {name: entry for name, entry in document["files"].items() if name.removeprefix(_BEFORE) not in files}
    listed |= {name: asdict(_described(content, ROLES.get(name, Path(name).stem))) for name, content in files.items()}
    metrics = {**document["metrics"], **metrics}
    after = {**document, **facts, "files": dict(sorted(listed.items())), "metrics": metrics}
    _exchange(bundle.path, document, after, files)
    amended = Bundle(bundle.path)
    amended.verify()
    return amended.manifest


def replace_bundle(path: str | PathLike[str], folder: str | PathLike[str]) -> None:
    """Replace the bundle `path` by a copy of the bundle `folder`. Both are folders.

    After an interrupt at any time, `path` is the old bundle or the new one. Files that the old manifest does not list
    stay.
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
    """Write `files`, and replace the manifest `before` by `after`, which lists them and the files that stay.

    Several files cannot be replaced at once. In the meantime, the manifest therefore lists copies of the old files.
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


def _described(content: bytes, role: str) -> FileEntry:
    return FileEntry(hashlib.sha256(content).hexdigest(), len(content), role)


def _write_manifest(root: Path, document: Mapping[str, Any]) -> None:
    _write(root / MANIFEST, (json.dumps(document, indent=2, allow_nan=False) + "\n").encode())


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)
