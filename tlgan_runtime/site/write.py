"""Write the page as a static folder that any web server can serve."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from tlgan_runtime.bundle.manifest import MANIFEST
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.bundle.write import write_manifest
from tlgan_runtime.files import creating
from tlgan_runtime.site.assets import ONNXRUNTIME_FILES, TEMPLATES, onnxruntime_files, page_files
from tlgan_runtime.validation import output_path

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp

ROLES = ("axes", "classifier", "encoder", "generator", "generator_int8", "mapping", "paths", "card")
"""What a site holds of a bundle: what the page reads, and the model card."""
CHEERFUL = ("joy", "happy", "happiness")
ICON_SIDES = (192, 512)
_MODULES = "<!-- modules -->"
PAPER = "#faf8f4"
"""Background of the page, and of the window of the installed page while it starts."""


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
    runtime, page, target = onnxruntime_files(onnxruntime_web), page_files(), output_path(path)
    with creating(target) as root:
        bundle = _write_bundle(root, editor, precision)
        filled = {name: page.pop(f"page/{name}") for name in TEMPLATES}
        app, ort = _named("app", page), _named("onnxruntime", runtime)
        facts = {"bundle": bundle, "onnxruntime": ort, "precision": precision}
        modules = [f"{app}/{name}" for name in page if name.endswith(".js")] + [f"{ort}/{ONNXRUNTIME_FILES[0]}"]
        index = _replaced(filled["index.html"].decode().replace('"app/', f'"{app}/'), _MODULES, _preloads(modules))
        files = {
            **{f"{app}/{name}": content for name, content in page.items()},
            **{f"{ort}/{name}": content for name, content in runtime.items()},
            **{f"icon-{side}.png": _icon(editor, side) for side in ICON_SIDES},
            "manifest.webmanifest": json.dumps(_web_manifest(editor), indent=2).encode(),
            "index.html": _replaced(index, 'id="site">{}<', f'id="site">{json.dumps(facts)}<').encode(),
        }
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        unused = {"generator" if precision == "int8" else "generator_int8", "card"}
        manifest = Bundle(root / bundle).manifest
        read = [MANIFEST, *(name for name, entry in manifest.files.items() if entry.role not in unused)]
        _write_worker(
            root, filled["service-worker.js"].decode(), ["./", *files, *(f"{bundle}/{name}" for name in read)]
        )
        written = sorted(one for one in root.rglob("*") if one.is_file())
        names, size = [one.relative_to(root).as_posix() for one in written], sum(one.stat().st_size for one in written)
    return Site(target, names, size)


def _write_bundle(root: Path, editor: CheerMeUp, precision: str) -> str:
    """Write the bundle with the files that a site needs. Returns the name of its folder."""
    source = Bundle(editor.path)
    wanted = [role for role in ROLES if role in source.roles and (precision == "int8" or role != "generator_int8")]
    entries = {name: entry.role for name, entry in source.manifest.files.items() if entry.role in wanted}
    files = {name: source.read(role) for name, role in entries.items()}
    folder = root / _named("bundle", files)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    facts = asdict(source.manifest)
    write_manifest(folder, roles=entries, **{key: facts[key] for key in facts.keys() - {"schema_version", "files"}})
    return folder.name


def _write_worker(root: Path, template: str, names: Iterable[str]) -> None:
    """Write the service worker, which stores these files of the site. Its version changes with any of them."""
    stored = [name for name in names if name != "service-worker.js"]
    digest = hashlib.sha256(template.encode())
    for name in stored:
        digest.update((root / ("index.html" if name == "./" else name)).read_bytes())
    site = json.dumps({"version": digest.hexdigest()[:16], "files": stored}, indent=1)
    (root / "service-worker.js").write_bytes(_replaced(template, '{ version: "", files: [] }', site).encode())


def _named(what: str, files: Mapping[str, bytes]) -> str:
    """Return a name for a folder that changes with its files."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return f"{what}-{digest.hexdigest()[:12]}"


def _preloads(modules: Iterable[str]) -> str:
    """Return links by which a browser asks for all modules at once, and not for each when another one imports it."""
    return "\n  ".join(f'<link rel="modulepreload" href="{module}">' for module in modules)


def _replaced(text: str, part: str, by: str) -> str:
    if text.count(part) != 1:
        raise ValueError(f"the page does not hold {part!r} once")
    return text.replace(part, by)


def _icon(editor: CheerMeUp, side: int) -> bytes:
    """Return a cheerful face as a PNG."""
    z = editor.sample(1, seed=0)
    cheerful = next((name for name in CHEERFUL if name in editor.emotions), editor.emotions[0])
    picture = Image.fromarray(editor.render(editor.move(z, {cheerful: 1.0}))[0])
    stream = io.BytesIO()
    picture.resize((side, side), Image.Resampling.LANCZOS).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _web_manifest(editor: CheerMeUp) -> dict[str, Any]:
    """Return what a device needs to install the page."""
    return {
        "name": f"CheerMeUp: {editor.manifest.name}",
        "short_name": "CheerMeUp",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": f"icon-{side}.png", "sizes": f"{side}x{side}", "type": "image/png", "purpose": "any"}
            for side in ICON_SIDES
        ],
    }
