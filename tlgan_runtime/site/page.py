"""The files of the page, filled in for one bundle: what a site and a server have in common."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from tlgan_runtime.site.assets import INDEX, SERVICE_WORKER, page_files

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp

CHEERFUL = ("joy", "happy", "happiness")
ICON_SIDES = (192, 512)
WEB_MANIFEST = "manifest.webmanifest"
_MODULES = "<!-- modules -->"
PAPER = "#faf8f4"
"""Background of the page, and of the window of the installed page while it starts."""


def filled_page(editor: CheerMeUp, facts: Mapping[str, str], preloaded: Sequence[str] = ()) -> dict[str, bytes]:
    """Return the files of the page by their paths, `index.html` among them.

    `facts` say to the page how it draws. `preloaded` are paths of modules that are loaded along with its own. Names of
    folders hold a hash of their content, so that browsers may keep them for ever.
    """
    page = page_files()
    index = page.pop(f"page/{INDEX}").decode()
    del page[f"page/{SERVICE_WORKER}"]
    app = named("app", page)
    modules = [f"{app}/{name}" for name in page if name.endswith(".js")] + list(preloaded)
    index = replaced(index.replace('"app/', f'"{app}/'), _MODULES, _preloads(modules))
    return {
        **{f"{app}/{name}": content for name, content in page.items()},
        **{icon_name(side): _icon(editor, side) for side in ICON_SIDES},
        WEB_MANIFEST: json.dumps(_web_manifest(editor), indent=2).encode(),
        INDEX: replaced(index, 'id="site">{}<', f'id="site">{json.dumps(dict(facts))}<').encode(),
    }


def icon_name(side: int) -> str:
    """Return the path of the icon with `side` pixels."""
    return f"icon-{side}.png"


def named(what: str, files: Mapping[str, bytes]) -> str:
    """Return a name for a folder that changes with its files."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return f"{what}-{digest.hexdigest()[:12]}"


def _preloads(modules: Iterable[str]) -> str:
    """Return links by which a browser asks for all modules at once, and not for each when another one imports it."""
    return "\n  ".join(f'<link rel="modulepreload" href="{module}">' for module in modules)


def replaced(text: str, part: str, by: str) -> str:
    """Return a text with a part, which must be there once, replaced."""
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
            {"src": icon_name(side), "sizes": f"{side}x{side}", "type": "image/png", "purpose": "any"}
            for side in ICON_SIDES
        ],
    }
