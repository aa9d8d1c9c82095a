"""What every route has in common: media types, hosts, other origins, errors, and the routes that draw nothing."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.program import PATIENCE
from tests.runtime.server.conftest import client_of, need_libraries
from tests.tiny_bundle import EMOTIONS
from tlgan_runtime import CheerMeUp, InputError
from tlgan_runtime.animation.options import AnimationOptions

if TYPE_CHECKING:
    from starlette.testclient import TestClient


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("image/*", "image/png"),
        ("text/html, image/webp;q=0.9, */*;q=0.1", "image/webp"),
        ("image/png;q=0, image/*;q=0.5", "image/webp"),
        ("image/png;q=0.5, application/json", "application/json"),
        ("", "image/png"),
    ],
)
def test_the_type_that_is_accepted_most_is_given(client: TestClient, accept: str, media_type: str) -> None:
    assert client.post("/v1/render", json={}, headers={"Accept": accept}).headers["content-type"] == media_type


def test_what_cannot_be_given_is_said(client: TestClient) -> None:
    answer = client.post("/v1/move", json={}, headers={"Accept": "image/png, text/*;q=2"})
    assert (answer.status_code, answer.json()) == (406, {"error": "this can be application/json; accept one of these"})


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/page", 404, "nothing at '/page'"),
        ("GET", "/app-0123456789ab/page/main.js", 404, "nothing at"),
        ("POST", "/", 405, "takes GET or HEAD, not 'POST'"),
        ("POST", "/v1/render/", 404, "nothing at"),
        ("GET", "/v1/../../etc/passwd", 404, "nothing at"),
        ("GET", "/v1/render", 405, "takes POST, not 'GET'"),
        ("DELETE", "/healthz", 405, "not 'DELETE'"),
        ("POST", "/v1/render?faces=2", 422, "leave the query out"),
    ],
)
def test_what_is_not_there_is_said_in_json(client: TestClient, method: str, path: str, status: int, words: str) -> None:
    answer = client.request(method, path, headers={"Content-Type": "application/json"}, follow_redirects=False)
    assert answer.status_code == status and words in answer.json()["error"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1:8000", "[::1]:8000", "faces.example.org"])
def test_own_hosts_are_answered(editor: CheerMeUp, host: str) -> None:
    client = client_of(editor, hosts=["faces.example.org"])
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:80:80", "", "[::1", "a b", "é"])
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    answer = client.get("/healthz", headers={"Host": host.encode()})
    assert answer.status_code == 421 and "--host-name" in answer.json()["error"]


def test_names_of_hosts_are_checked() -> None:
    need_libraries()
    from tlgan_runtime.server.hosts import host_name

    assert [host_name(name) for name in ("Example.org", "::1", "[::1]")] == ["example.org", "[::1]", "[::1]"]
    for name in ("", "http://example.org", "a/b", "*", "a b"):
        with pytest.raises(InputError, match="no name of a host"):
            host_name(name)


def test_pages_of_other_sites_are_only_answered_where_that_is_wanted(client: TestClient, editor: CheerMeUp) -> None:
    asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    asks["Access-Control-Request-Headers"] = "content-type"
    closed = client.options("/v1/render", headers=asks)
    assert closed.status_code == 405 and "access-control-allow-origin" not in closed.headers
    opened = client_of(editor, origins=["https://a.example"])
    assert opened.options("/v1/render", headers=asks).headers["access-control-allow-origin"] == "https://a.example"
    drawn = opened.post("/v1/render", json={}, headers={"Origin": "https://a.example"})
    assert drawn.headers["access-control-allow-origin"] == "https://a.example"
    other = opened.options("/v1/render", headers={**asks, "Origin": "https://b.example"})
    assert other.status_code == 400 and "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_types_that_any_page_may_send_are_refused(client: TestClient, media_type: str) -> None:
    for path in ("/v1/render", "/v1/edit?strengths=joy:1"):
        answer = client.post(path, content=b"{}", headers={"Content-Type": media_type})
        assert answer.status_code == 415 and "Content-Type" in answer.json()["error"]


def test_health_names_the_provider_in_use(client: TestClient, editor: CheerMeUp) -> None:
    document = client.get("/healthz").json()
    assert document["status"] == "ok" and document["provider"] == editor.providers[0] == "CPUExecutionProvider"


def test_info_says_what_a_page_needs_and_no_path(client: TestClient, editor: CheerMeUp) -> None:
    answer = client.get("/v1/info")
    document = answer.json()
    assert document["emotions"] == list(EMOTIONS) and document["latent_dim"] == 8 and document["image_size"] == 16
    assert document["edits_pictures"] is True and document["limits"]["faces"] == 64
    assert "image/gif" in document["animations"] and str(editor.path.parent) not in answer.text


def test_without_an_encoder_pictures_are_not_edited_and_no_path_is_told(bundle: Path) -> None:
    client = client_of(CheerMeUp(bundle, threads=1))
    answer = client.post("/v1/invert", content=b"a", headers={"Content-Type": "image/png"})
    assert answer.status_code == 501 and "no encoder" in answer.json()["error"] and str(bundle) not in answer.text
    assert client.get("/v1/info").json()["edits_pictures"] is False


def test_a_missing_encoder_of_videos_is_told(editor: CheerMeUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    client = client_of(editor)
    assert client.get("/v1/info").json()["animations"] == ["image/gif", "image/webp", "image/apng"]
    answer = client.post("/v1/animate", json={"steps": 2, "faces": 1}, headers={"Accept": "video/mp4"})
    assert answer.status_code == 501 and "cheermeup[video]" in answer.json()["error"]


def test_a_bug_is_logged_and_told_without_details(
    client: TestClient, editor: CheerMeUp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(editor, "render", fail)
    answer = client.post("/v1/render", json={})
    assert (answer.status_code, answer.json()) == (500, {"error": "this is a bug of the server; its log says more"})
    assert "secret" in caplog.text and "/v1/render" in caplog.text


def test_quick_requests_do_not_wait_for_animations(editor: CheerMeUp, monkeypatch: pytest.MonkeyPatch) -> None:
    need_libraries()
    from tlgan_runtime.server.actions import Actions, Answer, Ask

    started, let_go = threading.Event(), threading.Event()

    def animate(self: Actions, ask: Ask) -> Answer:
        started.set()
        assert let_go.wait(PATIENCE)
        return Answer(b"moving", ask.media_type)

    monkeypatch.setattr(Actions, "animate", animate)
    with client_of(editor, threads=1) as client, ThreadPoolExecutor(1) as other:
        animation = other.submit(client.post, "/v1/animate", json={})
        assert started.wait(PATIENCE)
        try:
            assert client.post("/v1/render", json={}).status_code == 200
            assert not animation.done()
        finally:
            let_go.set()
        assert animation.result().content == b"moving"


def test_all_bodies_together_take_bounded_memory(editor: CheerMeUp) -> None:
    need_libraries()
    from tlgan_runtime.server.limits import Limits

    client = client_of(editor, limits=Limits(bodies_bytes=1000))
    headers = {"Content-Type": "application/json"}
    for _ in range(3):  # what an answered request took is free again
        assert client.post("/v1/render", content=b"{}".ljust(900), headers=headers).status_code == 200
    answer = client.post("/v1/render", content=b"{}".ljust(1001), headers=headers)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
    assert client.post("/v1/render", content=b"{}".ljust(900), headers=headers).status_code == 200


def test_metrics_count_requests_by_route_and_status(editor: CheerMeUp) -> None:
    client = client_of(editor)
    client.post("/v1/render", json={})
    client.post("/v1/render", json={"faces": 0})
    for path in ("/a", "/b"):
        client.get(path)
    answer = client.get("/metrics")
    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in (
        'cheermeup_requests_total{route="/v1/render",status="200"} 1',
        'cheermeup_requests_total{route="/v1/render",status="422"} 1',
        'cheermeup_requests_total{route="other",status="404"} 2',
        'cheermeup_request_seconds_bucket{route="/v1/render",le="+Inf"} 2',
        'cheermeup_request_seconds_count{route="other"} 2',
        "cheermeup_requests_in_progress 1",  # this one
        "cheermeup_drawing 0",
        "cheermeup_waiting 0",
    ):
        assert line in lines, line
    counts = [int(line.rpartition(" ")[2]) for line in lines if 'bucket{route="/v1/render"' in line]
    assert counts == sorted(counts) and len(counts) == 13


def test_openapi_says_what_the_options_say(client: TestClient) -> None:
    document = client.get("/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0" and json.dumps(document).count("tmp") == 0
    animate = document["paths"]["/v1/animate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(animate["properties"]) == set(AnimationOptions.shared()) and animate["additionalProperties"] is False
    steps = animate["properties"]["steps"]
    assert steps == {
        "type": "integer", "minimum": 2, "maximum": 240, "default": 30, "description": "Frames from strength 0 to 1.",
    }  # fmt: skip
    assert animate["properties"]["easing"]["enum"] == ["linear", "smooth"]
    edit = document["paths"]["/v1/edit"]["post"]
    by_name = {one["name"]: one for one in edit["parameters"]}
    assert by_name["strengths"]["required"] and not by_name["force"]["required"]
    assert edit["responses"]["200"]["content"].keys() == {"image/png", "image/webp", "application/json"}


def test_every_route_is_described(client: TestClient) -> None:
    described = client.get("/v1/openapi.json").json()["paths"]
    said = client.get("/nothing").json()["error"]
    assert all(path in said for path in described)
    for path, methods in described.items():
        for method in methods:
            assert client.request(method, path).status_code not in (404, 405), path
