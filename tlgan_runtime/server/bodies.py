"""`Bodies`: reads the bodies of requests, within limits on their size, their time and their memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from tlgan_runtime.server.limits import Limits
from tlgan_runtime.server.refusal import AGAIN, CLIENT_GONE, CLOSE, RefusedError

_DRAINED = 4
"""By this factor, a body may be too large and still be read to its end, so that its client sees the answer."""


class Bodies:
    """The bodies that are held at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    @asynccontextmanager
    async def read(self, request: Request, most: int) -> AsyncIterator[bytes]:
        """Give the block the body, and count it until the block ends.

        Raises `RefusedError` for more than `most` bytes, for a body that does not arrive in time, and if all bodies
        together take too much memory.
        """
        parts: list[bytes] = []
        try:
            await self._collect(request, most, parts)
            yield b"".join(parts)
        finally:
            self._held -= sum(map(len, parts))

    async def _collect(self, request: Request, most: int, parts: list[bytes]) -> None:
        taken = 0
        if _announced(request) > most and "expect" in request.headers:  # its client waits to be told
            raise _too_large(most)
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for part in request.stream():
                    taken += len(part)
                    if taken > _DRAINED * most:
                        break
                    if taken <= most:
                        if self._held + len(part) > self._limits.bodies_bytes:
                            raise RefusedError(
                                503, "the bodies of other requests take all memory; try again", AGAIN | CLOSE
                            )
                        self._held += len(part)
                        parts.append(part)
        except TimeoutError:
            raise RefusedError(
                408, f"the body did not arrive within {self._limits.body_seconds:g} seconds", CLOSE
            ) from None
        except ClientDisconnect:
            raise RefusedError(CLIENT_GONE, "the client is gone") from None
        if taken > most:
            raise _too_large(most)


def _announced(request: Request) -> int:
    """Return the size that the header says; 0 if it says none."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _too_large(most: int) -> RefusedError:
    size = f"{most / 2**20:g} MiB" if most >= 2**20 else f"{most:,} bytes"
    return RefusedError(413, f"the body is too large; at most {size} are read", CLOSE)
