"""The page of the server: its files, and what browsers may do with them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtime.server.conftest import client_of
from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_all_that_the_page_names_is_there(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    assert '{"api": "v1"}' in page.text and "onnxruntime" not in page.text
    names = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert len(names) > 20
    for name in names:
        answer = client.get(f"/{name}")
        assert answer.status_code == 200, name
        assert ("immutable" in answer.headers["cache-control"]) == name.startswith("app-"), name
        assert not name.endswith(".js") or answer.headers["content-type"].startswith("text/javascript")


def test_imports_of_modules_are_there(client: TestClient) -> None:
    modules = re.findall(r'modulepreload" href="([^"]+)"', client.get("/").text)
    for module in modules:
        text = client.get(f"/{module}").text
        for name in re.findall(r'(?:from|import\() ?"(\.[^"]+)"', text):
            path = re.sub(r"[^/]+/\.\./", "", f"/{module.rpartition('/')[0]}/{name.removeprefix('./')}")
            assert client.get(path).status_code == 200, (module, name)


def test_it_allows_nothing_from_outside(client: TestClient) -> None:
    for name in ("/", "/icon-192.png", "/manifest.webmanifest"):
        headers = client.get(name).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self';") and "unsafe" not in policy and "http" not in policy
        assert "frame-ancestors 'self'" in policy and headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert client.get("/", headers={"Host": "evil.example.org"}).status_code == 421


def test_its_requests_are_counted_without_a_route_for_each_file(client: TestClient) -> None:
    client.get("/")
    client.get("/icon-512.png")
    routes = set(re.findall(r'requests_total{route="([^"]+)"', client.get("/metrics").text))
    assert "/" in routes and "other" in routes and not any("icon" in route for route in routes)


@pytest.mark.parametrize("name", ["service-worker.js", "index.html", "app-/page/main.js", "app-x/../../etc/passwd"])
def test_nothing_else_is_there(tmp_path: Path, name: str) -> None:
    with client_of(CheerMeUp(make_bundle(tmp_path / "tiny"), threads=1)) as client:
        assert client.get(f"/{name}").status_code == 404
