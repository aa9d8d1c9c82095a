"""`Service`: the HTTP API of one bundle and its page, as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tlgan_runtime.animation.video import ffmpeg_for
from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.errors import CheerMeUpError, InputError, MissingLibraryError
from tlgan_runtime.messages import one_line, shown
from tlgan_runtime.server.actions import Actions, Ask
from tlgan_runtime.server.bodies import Bodies
from tlgan_runtime.server.desk import Desk
from tlgan_runtime.server.hosts import LOCAL, only_for
from tlgan_runtime.server.limits import Limits
from tlgan_runtime.server.metrics import TEXT, Metrics
from tlgan_runtime.server.negotiation import chosen
from tlgan_runtime.server.openapi import description
from tlgan_runtime.server.operations import ANIMATIONS, JSON, OPERATIONS, Operation
from tlgan_runtime.server.page import Page
from tlgan_runtime.server.query import from_query
from tlgan_runtime.server.refusal import AGAIN, CLIENT_GONE, CLOSE, RefusedError, status_of
from tlgan_runtime.version import __version__

ROUTES = ("/", "/v1/info", "/v1/openapi.json", "/healthz", "/metrics", *(f"/v1/{name}" for name in OPERATIONS))
_NO_GUESSING = {"X-Content-Type-Options": "nosniff"}
_log = logging.getLogger(__name__)


class Service:
    """Answers requests with the faces of one bundle. It is an ASGI application, for any server of these.

    Args:
        editor: the bundle. One with `threads=1` draws most for many clients, since each request has its own thread.
        threads: how many requests are drawn at a time. Animations and edits have half as many threads of their own, so
            that a quick request never waits for them.
        limits: what requests may ask for.
        hosts: names in the header Host that are answered, besides those of this machine.
        origins: sites whose pages may use this server, such as `https://example.org`.

    Raises as `CheerMeUp.providers` does.
    """

    def __init__(
        self,
        editor: CheerMeUp,
        *,
        threads: int = 1,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
    ) -> None:
        self._editor = editor
        self._limits = limits
        self._actions = Actions(editor, limits)
        self._page = Page(editor)
        self._bodies = Bodies(limits)
        self._quick = Desk(threads, limits.waiting, limits.seconds)
        self._long = Desk(max(1, threads // 2), limits.waiting, limits.seconds)
        self._providers = editor.providers
        self._info = _about(editor, limits)
        self._description = description(limits)
        self._metrics = Metrics(
            ROUTES,
            {
                ("drawing", "Requests that are being drawn."): lambda: self._quick.drawing + self._long.drawing,
                ("waiting", "Requests that wait for a thread."): lambda: self._quick.waiting + self._long.waiting,
            },
        )
        self._app = self._application([*LOCAL, *hosts], list(origins))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, as ASGI says."""
        await self._app(scope, receive, send)

    @property
    def health(self) -> dict[str, str]:
        """What /healthz says."""
        return {"provider": self._providers[0], "bundle": self._info["name"], "version": __version__}

    def close(self) -> bool:
        """Draw nothing more. Returns whether all threads are idle."""
        quick, long = self._quick.close(), self._long.close()
        return quick and long

    def _application(self, hosts: list[str], origins: list[str]) -> Starlette:
        middleware = [Middleware(self._metrics.around), Middleware(only_for, hosts)]
        if origins:
            middleware.append(
                Middleware(
                    CORSMiddleware,
                    allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=["Content-Type"],
                    expose_headers=["Retry-After"],
                )
            )  # fmt: skip
        routes = [
            Route("/v1/info", self._show_info),
            Route("/v1/openapi.json", self._show_description),
            Route("/healthz", self._show_health),
            Route("/metrics", self._show_metrics),
            *(
                Route(f"/v1/{name}", partial(self._operate, name, one), methods=["POST"])
                for name, one in OPERATIONS.items()
            ),
            *self._page.routes,
        ]
        handlers: dict[Any, Any] = {
            RefusedError: _refused, CheerMeUpError: _failed, HTTPException: _unknown, Exception: _broken,
        }  # fmt: skip
        app = Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)
        app.router.redirect_slashes = False
        return app

    async def _operate(self, name: str, one: Operation, request: Request) -> Response:
        media_type = chosen(request.headers.get("accept"), one.gives)
        _check_type(request, one.of_picture)
        pairs = request.query_params.multi_items()
        if pairs and not one.of_picture:
            raise InputError("options are in the body, an object in JSON; leave the query out")
        options = from_query(one.options, pairs) if one.of_picture else {}
        if one.finds and not self._info["edits_pictures"]:
            raise RefusedError(501, "the bundle of this server has no encoder, which finds faces in pictures")
        most = self._limits.picture_bytes if one.of_picture else self._limits.json_bytes
        desk, act = self._quick if one.quick else self._long, getattr(self._actions, name)
        try:
            async with self._bodies.read(request, most) as body:
                ask = partial(Ask, options, body, media_type)
                answer = await desk.draw(lambda check: act(ask(check)), partial(_until_gone, request))
        except asyncio.CancelledError:  # the server has ended, and this has taken longer than it waits
            raise RefusedError(503, "the server is ending; try again in a second", AGAIN) from None
        return Response(answer.content, media_type=answer.media_type, headers=_NO_GUESSING)

    async def _show_info(self, request: Request) -> Response:
        return JSONResponse(self._info)

    async def _show_description(self, request: Request) -> Response:
        return JSONResponse(self._description)

    async def _show_health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", **self.health})

    async def _show_metrics(self, request: Request) -> Response:
        return Response(self._metrics.text(), headers={"Content-Type": TEXT})


def _about(editor: CheerMeUp, limits: Limits) -> dict[str, Any]:
    """Return what programs that draw by this server must know."""
    manifest = editor.manifest
    try:
        ffmpeg_for(".mp4")
        animations = list(ANIMATIONS)
    except MissingLibraryError:
        animations = [kind for kind in ANIMATIONS if not kind.startswith("video/")]
    return {
        "name": manifest.name,
        "version": __version__,
        **{kind: list(names) for kind, names in editor.vocabulary._asdict().items()},
        "drawn_characters": editor.drawn_characters,
        "methods": editor.methods,
        "latent_dim": editor.latent_dim,
        "image_size": editor.image_size,
        "reader_size": manifest.read_size,
        "transparent": manifest.channels == 4,
        "edits_pictures": manifest.fit is not None and "encoder" in {one.role for one in manifest.files.values()},
        "animations": animations,
        "license": manifest.license,
        "limits": asdict(limits),
    }


def _check_type(request: Request, of_picture: bool) -> None:
    """Raise `RefusedError` for a body of another media type.

    Pages of other sites can send some types, such as text/plain, without asking. These are none of them.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if of_picture and not (given.startswith("image/") or given == "application/octet-stream"):
        raise RefusedError(415, "the body is a picture; send it with its type, such as Content-Type: image/png", CLOSE)
    if not of_picture and given != JSON:
        raise RefusedError(415, f"the body is JSON; send it with Content-Type: {JSON}", CLOSE)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers={**_NO_GUESSING, **(headers or {})})


async def _refused(request: Request, error: RefusedError) -> Response:
    if error.status == CLIENT_GONE:
        return Response(status_code=CLIENT_GONE)
    return _error(error.status, str(error), error.headers)


async def _failed(request: Request, error: CheerMeUpError) -> Response:
    status = status_of(error)
    if status == 500:  # its message is for who runs the server, and may name files
        _log.error("%s: %s", request.url.path, error)
        return _error(status, "the server cannot draw; its log says why")
    return _error(status, str(error), AGAIN if status == 503 else None)


async def _unknown(request: Request, error: HTTPException) -> Response:
    if error.status_code == 404:
        return _error(404, f"there is nothing at {shown(request.url.path)}; there is {', '.join(ROUTES)}")
    if error.status_code == 405:
        allowed = " or ".join(sorted((error.headers or {})["Allow"].split(", ")))  # it comes from a set
        return _error(405, f"{request.url.path} takes {allowed}, not {shown(request.method)}", error.headers)
    return _error(error.status_code, one_line(error.detail), error.headers)


async def _broken(request: Request, error: Exception) -> Response:
    _log.error("%s: this is a bug", request.url.path, exc_info=error)
    return _error(500, "this is a bug of the server; its log says more")
