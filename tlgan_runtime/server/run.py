"""Listens on an address and answers until a signal comes, then finishes what is in progress."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from tlgan_runtime.errors import InputError
from tlgan_runtime.server.app import Service
from tlgan_runtime.server.connection import Connection
from tlgan_runtime.signals import INTERRUPTED, INTERRUPTS, remove_unfinished

DRAIN_SECONDS = 5
"""For requests in progress, once a signal came."""
DONE = 0


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address and a port (0: a free one).

    Raises `InputError` if that cannot be done, with the reason.
    """
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, place = found[0]
        return socket.create_server(place[:2], family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot listen on {address} port {port}: {reason}; try another --address or --port") from None


def url_of(listening: socket.socket) -> str:
    """Return the address of a socket as a client writes it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(service: Service, listening: socket.socket, started: Callable[[], None]) -> int:
    """Answer until a signal comes. `started` is called when the server listens.

    Returns the exit code: 0 after SIGTERM, 130 after an interrupt. Requests in progress have `DRAIN_SECONDS`; a second
    signal ends them at once. If a thread still draws then, the process ends here.
    """
    config = uvicorn.Config(
        service, http=Connection, loop="asyncio", ws="none", lifespan="off", log_config=None, log_level="critical",
        access_log=False, server_header=False, proxy_headers=False, timeout_graceful_shutdown=DRAIN_SECONDS,
    )  # fmt: skip
    server = _Server(config, started)
    server.run(sockets=[listening])
    code = DONE if server.ended_by == getattr(signal, "SIGTERM", None) else INTERRUPTED
    if not service.close():
        # Python would wait for its threads, and nobody waits for what they draw.
        remove_unfinished()
        sys.stdout.flush()
        os._exit(code)
    return code


class _Server(uvicorn.Server):
    """Says when it listens. A signal ends it, but not the process, which has its own exit code."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = started
        self.ended_by: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def end(number: int, frame: FrameType | None) -> None:
            self.force_exit = self.should_exit
            self.should_exit = True
            self.ended_by = self.ended_by or number

        before = {one: signal.getsignal(one) for one in INTERRUPTS}
        for one, handler in before.items():
            if handler != signal.SIG_IGN:
                signal.signal(one, end)
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
