"""`Metrics`: requests by route and status, their times, and what is going on, in the text format of Prometheus."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tlgan_runtime.server.refusal import CLIENT_GONE

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histogram in seconds."""
OTHER = "other"
"""Stands for all paths that are no route: a client may make up any number of them."""
TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts requests. `gauges` are read when the text is made, by name and help."""

    def __init__(self, routes: Collection[str], gauges: Mapping[tuple[str, str], Callable[[], float]]) -> None:
        self._routes = frozenset(routes)
        self._gauges = gauges
        self._in_progress = 0
        self._requests: Counter[tuple[str, int]] = Counter()
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an application that counts the requests of another one."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status, start = CLIENT_GONE, time.perf_counter()

            async def watched(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            self._in_progress += 1
            try:
                await app(scope, receive, watched)
            finally:
                self._in_progress -= 1
                self._count(scope["path"], status, time.perf_counter() - start)

        return counted

    def text(self) -> str:
        """Return all metrics."""
        lines = _head("requests_total", "counter", "Requests by route and status; 499 is a client that left.")
        for (route, status), count in sorted(self._requests.items()):
            lines.append(f'cheermeup_requests_total{{route="{route}",status="{status}"}} {count}')
        lines += _head("request_seconds", "histogram", "Time of requests, from their headers to the end of the answer.")
        for route, counts in sorted(self._buckets.items()):
            below = 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
                below += count
                lines.append(f'cheermeup_request_seconds_bucket{{route="{route}",le="{bound}"}} {below}')
            lines.append(f'cheermeup_request_seconds_sum{{route="{route}"}} {self._sums[route]:.6f}')
            lines.append(f'cheermeup_request_seconds_count{{route="{route}"}} {below}')
        gauges = {("requests_in_progress", "Requests that are not answered yet."): lambda: self._in_progress}
        for (name, about), value in {**gauges, **self._gauges}.items():
            lines += [*_head(name, "gauge", about), f"cheermeup_{name} {value():g}"]
        return "\n".join(lines) + "\n"

    def _count(self, path: str, status: int, seconds: float) -> None:
        route = path if path in self._routes else OTHER
        self._requests[route, status] += 1
        self._sums[route] += seconds
        self._buckets[route][bisect_left(BOUNDS, seconds)] += 1


def _head(name: str, kind: str, about: str) -> list[str]:
    return [f"# HELP cheermeup_{name} {about}", f"# TYPE cheermeup_{name} {kind}"]
