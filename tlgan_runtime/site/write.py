"""Write the page as a static folder that any web server can serve."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from tlgan_runtime.bundle.manifest import MANIFEST
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.bundle.write import write_manifest
from tlgan_runtime.files import creating
from tlgan_runtime.site.assets import INDEX, ONNXRUNTIME_FILES, SERVICE_WORKER, onnxruntime_files, page_files
from tlgan_runtime.site.page import filled_page, named, replaced
from tlgan_runtime.validation import output_path

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp

ROLES = ("axes", "classifier", "encoder", "generator", "generator_int8", "mapping", "paths", "card")
"""What a site holds of a bundle: what the page reads, and the model card."""


@dataclass(frozen=True)
class Site:
    """What was written."""

    path: Path
    files: list[str]
    """Paths inside the folder, with `/`."""
    bytes: int
    """Of all files together."""


def write_site(
    editor: CheerMeUp,
    path: str | PathLike[str],
    *,
    onnxruntime_web: str | PathLike[str] | None = None,
    precision: str = "auto",
) -> Site:
    """Write the folder `path`, which must be new or empty. After an interrupt there is nothing, or all of it.

    Args:
        editor: the opened bundle. It draws the icon.
        onnxruntime_web: see `onnxruntime_files`.
        precision: generator that the page draws with, `auto` or `int8`.

    The names of folders hold a hash of their content, so browsers and servers may keep them for ever. Raises
    `OutputError` if the folder cannot be written, and as `onnxruntime_files` does.
    """
    runtime, target = onnxruntime_files(onnxruntime_web), output_path(path)
    with creating(target) as root:
        bundle, ort = _write_bundle(root, editor, precision), named("onnxruntime", runtime)
        facts = {"bundle": bundle, "onnxruntime": ort, "precision": precision}
        files = filled_page(editor, facts, [f"{ort}/{ONNXRUNTIME_FILES[0]}"])
        files |= {f"{ort}/{name}": content for name, content in runtime.items()}
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        unused = {"generator" if precision == "int8" else "generator_int8", "card"}
        manifest = Bundle(root / bundle).manifest
        read = [MANIFEST, *(name for name, entry in manifest.files.items() if entry.role not in unused)]
        _write_worker(root, ["./", *files, *(f"{bundle}/{name}" for name in read)])
        written = sorted(one for one in root.rglob("*") if one.is_file())
        names, size = [one.relative_to(root).as_posix() for one in written], sum(one.stat().st_size for one in written)
    return Site(target, names, size)


def _write_bundle(root: Path, editor: CheerMeUp, precision: str) -> str:
    """Write the bundle with the files that a site needs. Returns the name of its folder."""
    source = Bundle(editor.path)
    wanted = [role for role in ROLES if role in source.roles and (precision == "int8" or role != "generator_int8")]
    entries = {name: entry.role for name, entry in source.manifest.files.items() if entry.role in wanted}
    files = {name: source.read(role) for name, role in entries.items()}
    folder = root / named("bundle", files)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    facts = asdict(source.manifest)
    write_manifest(folder, roles=entries, **{key: facts[key] for key in facts.keys() - {"schema_version", "files"}})
    return folder.name


def _write_worker(root: Path, stored: Sequence[str]) -> None:
    """Write the service worker, which stores these files of the site. Its version changes with any of them."""
    template = page_files()[f"page/{SERVICE_WORKER}"].decode()
    digest = hashlib.sha256(template.encode())
    for name in stored:
        digest.update((root / (INDEX if name == "./" else name)).read_bytes())
    site = json.dumps({"version": digest.hexdigest()[:16], "files": stored}, indent=1)
    (root / SERVICE_WORKER).write_bytes(replaced(template, '{ version: "", files: [] }', site).encode())
