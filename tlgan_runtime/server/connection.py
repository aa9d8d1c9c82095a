"""Connections that neither wait for ever, for headers or for a client to take its answer, nor hold answers back."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""For all headers of a request to arrive, from its first byte; and for the first request of a connection."""
TAKE_SECONDS, TAKE_BYTES = 20.0, 65_536
"""In this time, a client must take so much of its answer, which is in memory until then."""


class Connection(H11Protocol):
    """One connection of uvicorn, with deadlines that uvicorn does not have."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        # Head and body are sent one after the other. Without this, the body waits until the client has acknowledged the
        # head, for 40 ms on Linux. asyncio sets it as well, but not for a socket that says 0 for its protocol.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and self._idle():
            self._await_headers()
        super().data_received(data)
        if not self._idle():
            self._forget_deadline()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await_taking()

    def send_400_response(self, msg: str) -> None:
        content = json.dumps({"error": "this is no HTTP request that the server can read"}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("Connection", "close")]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=content), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _idle(self) -> bool:
        """Return whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _await_headers(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _await_taking(self) -> None:
        """Look again, later, whether the client takes its answer. A closed connection also waits for that."""
        left = self.transport.get_write_buffer_size()
        if left:
            self.loop.call_later(TAKE_SECONDS, self._check_taking, left)

    def _check_taking(self, left: int) -> None:
        if self.transport.get_write_buffer_size() > max(0, left - TAKE_BYTES):
            self.transport.abort()
        else:
            self._await_taking()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
