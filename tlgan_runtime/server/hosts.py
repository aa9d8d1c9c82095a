"""Checks the header Host: a page of another site must not get here through a name that its owner points here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import shown

LOCAL = ("localhost", "127.0.0.1", "[::1]")
"""Names of this machine, which mean the same to every client that can use them."""
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]@]+)(?::\d{1,5})?")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]+\]")


def host_name(name: str) -> str:
    """Return a name as it is compared. Raises `InputError` for what is no name of a host."""
    lower = name.lower()
    lower = f"[{lower}]" if ":" in lower and not lower.startswith("[") else lower
    if not _NAME.fullmatch(lower):
        raise InputError(f"{shown(name)} is no name of a host; write it as faces.example.org, without scheme and port")
    return lower


def only_for(app: ASGIApp, names: Iterable[str]) -> ASGIApp:
    """Return an application that answers requests for some hosts with another one, and refuses all others (421)."""
    known = frozenset(names)

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = Headers(scope=scope).get("host", "")
            found = _HOST.fullmatch(given)
            if found is None or found[1].lower() not in known:
                message = f"this server does not answer for the host {shown(given)}; --host-name adds one"
                await JSONResponse({"error": message}, 421)(scope, receive, send)
                return
        await app(scope, receive, send)

    return checked
