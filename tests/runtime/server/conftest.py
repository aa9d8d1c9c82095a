"""A service with a tiny bundle, and a client of it. Tests are skipped where the libraries of the server are missing."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp

if TYPE_CHECKING:
    from starlette.testclient import TestClient


@pytest.fixture(scope="session")
def encoding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that can also find faces in pictures."""
    return make_bundle(tmp_path_factory.mktemp("bundles") / "tiny", encoder=1.0)


@pytest.fixture(scope="session")
def editor(encoding: Path) -> CheerMeUp:
    return CheerMeUp(encoding, threads=1)


@pytest.fixture(scope="session")
def client(editor: CheerMeUp) -> Iterator[TestClient]:
    with client_of(editor) as client:
        yield client


def need_libraries() -> None:
    """Skip a test where the server cannot run."""
    for name in ("starlette", "uvicorn", "httpx"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install -e '.[dev]'")


def client_of(editor: CheerMeUp, **settings: Any) -> TestClient:
    """A client of a service of its own. Errors of the service are answers, as they are for every other client."""
    need_libraries()
    from tlgan_runtime.server.app import Service

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for a successor of httpx
        from starlette.testclient import TestClient
    return TestClient(Service(editor, **settings), base_url="http://localhost:8000", raise_server_exceptions=False)
