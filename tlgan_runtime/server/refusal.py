"""Answers that are no result: a status with one line of why."""

from __future__ import annotations

from collections.abc import Mapping

from tlgan_runtime.errors import (
    BundleDamagedError,
    BundleNotFoundError,
    CheerMeUpError,
    InputError,
    MissingLibraryError,
    ProviderError,
)

AGAIN = {"Retry-After": "1"}
"""For what will pass soon. In a second, a drawing thread draws tens of faces."""
CLOSE = {"Connection": "close"}
"""Where the rest of the request was not read."""
CLIENT_GONE = 499
"""Nobody reads this status; it is for the metrics."""
_STATUS: Mapping[type[CheerMeUpError], int] = {
    InputError: 422,
    BundleNotFoundError: 501,  # a part of the bundle is missing, such as the encoder
    MissingLibraryError: 501,
    ProviderError: 503,
    BundleDamagedError: 500,
}


class RefusedError(Exception):
    """Ends a request with a status."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def status_of(error: CheerMeUpError) -> int:
    """Return the status for an error of the runtime."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
