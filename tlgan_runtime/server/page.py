"""`Page`: the page with sliders, which draws by the API of the server that it comes from."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.site.assets import INDEX
from tlgan_runtime.site.page import ICON_SIDES, WEB_MANIFEST, filled_page, icon_name

API = "v1"
"""Where the page finds the API, from its own address: it may lie below other pages."""
_HEADERS = {
    # That of the page also allows WebAssembly, for sites that draw in the browser.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# The tables of some machines say text/plain for modules, which browsers then refuse.
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".png": "image/png"}
_TYPES |= {".webmanifest": "application/manifest+json"}
_FOR_EVER, _AGAIN = "public, max-age=31536000, immutable", "no-cache"


class Page:
    """The files of the page. They are made at the first request, because most servers draw for programs."""

    def __init__(self, editor: CheerMeUp) -> None:
        self._editor = editor
        self._making = Lock()
        self._made: dict[str, bytes] = {}

    @property
    def routes(self) -> list[Route]:
        """The page at `/`, and its files below it."""
        others = (WEB_MANIFEST, *map(icon_name, ICON_SIDES))
        return [
            Route("/", partial(self._show, INDEX)),
            *(Route(f"/{name}", partial(self._show, name)) for name in others),
            Route("/app-{digest}/{path:path}", self._show_part),
        ]

    async def _show_part(self, request: Request) -> Response:
        return await self._show("app-{digest}/{path}".format(**request.path_params), request)

    async def _show(self, name: str, request: Request) -> Response:
        files = self._made or await run_in_threadpool(self._make)
        if name not in files:
            raise HTTPException(404)
        kept = _FOR_EVER if "/" in name else _AGAIN
        headers = {**_HEADERS, "Cache-Control": kept}
        return Response(files[name], media_type=_TYPES[PurePosixPath(name).suffix], headers=headers)

    def _make(self) -> dict[str, bytes]:
        with self._making:
            self._made = self._made or filled_page(self._editor, {"api": API})
        return self._made
