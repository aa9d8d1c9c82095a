"""Requests that nobody means: each is refused in one line, with a status from 400 on, and never breaks the server."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.runtime.server.conftest import client_of
from tlgan_runtime import CheerMeUp
from tlgan_runtime.messages import LONGEST

if TYPE_CHECKING:
    from httpx import Response
    from starlette.testclient import TestClient

LATENT = "[0, 0, 0, 0, 0, 0, 0, 0]"
BODIES = {
    "nothing": "",
    "no JSON": "{",
    "no object": "[]",
    "NaN": f'{{"latents": [{LATENT.replace("0", "NaN", 1)}], "strengths": {{"joy": 1}}}}',
    "infinity": '{"strengths": {"joy": Infinity}}',
    "a huge float": '{"strengths": {"joy": 1e999}}',
    "a huge number": '{"faces": 1' + "0" * 4000 + "}",
    "more digits than Python reads": '{"faces": 1' + "0" * 9000 + "}",
    "deep": '{"latents": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "a deep strength": '{"strengths": ' + '{"joy": ' * 200 + "1" + "}" * 201,
    "a key twice": '{"strengths": {"joy": 1, "joy": 2}}',
    "many keys, one of them twice": json.dumps(dict.fromkeys(map(str, range(60_000))))[:-1] + ', "59999": 1}',
    "half a character": '{"strengths": {"\\ud800": 1}}',
    "an unknown option": '{"path": "/etc/passwd"}',
    "a program's option": '{"progress": 1}',
    "a long name": json.dumps({"strengths": {"a" * 900_000: 1}}),
    "a terminal code": json.dumps({"strengths": {"\x1b]0;owned\x07": 1}}),
    "text for a number": '{"size": "64"}',
    "true for a number": '{"size": true, "faces": true}',
    "null": '{"strengths": null, "method": null}',
    "a fraction of a face": '{"faces": 1.5, "latents": 1.5}',
    "no faces": '{"faces": 0, "latents": []}',
    "an unknown name": '{"strengths": {"joi": 1}, "emotion": "joi"}',
    "no strength": '{"strengths": {}, "emotion": []}',
    "a list for a strength": '{"strengths": {"joy": [1]}}',
    "rows of several lengths": '{"latents": [[1], [1, 2]], "strengths": {"joy": 1}}',
    "latents of another bundle": '{"latents": [[1, 2]], "strengths": {"joy": 1}}',
    "latents of text": '{"latents": [["a"]], "strengths": {"joy": 1}}',
    "latents far out": f'{{"latents": [{LATENT.replace("0", "1e30", 1)}], "strengths": {{"joy": 1}}}}',
    "latents of huge numbers": f'{{"latents": [{LATENT.replace("0", "18446744073709551615", 1)}], "strengths": {{}}}}',
    "an unknown method": '{"strengths": {"joy": 1}, "method": "magic", "latents": [' + LATENT + "]}",
    "keep as text": '{"strengths": {"joy": 1}, "keep": "joy"}',
    "keep of numbers": '{"strengths": {"joy": 1}, "keep": [1, null, {}], "latents": [' + LATENT + "]}",
    "a colour": '{"background": "url(http://example.org)"}',
    "an impossible probability": '{"strengths": {"joy": 1}, "until": 2, "latents": [' + LATENT + "]}",
    "a way to nowhere": '{"until": 0.5}',
    "a timeline with steps": '{"timeline": "neutral, joy@1s", "steps": 3}',
    "a timeline without end": '{"timeline": "neutral, joy@1e9s"}',
    "a timeline of pairs": '{"timeline": [[0, {}], ["a", 1]]}',
}
PATHS = ("/v1/render", "/v1/move", "/v1/animate")
QUERIES = (
    "", "strengths=", "strengths=joy", "strengths=joy:nan", "strengths=joy:1e999", "strengths=:1", "strengths=joi:1",
    "strengths=joy:1&strengths=joy:1", "strengths=joy:1&until=x", "strengths=joy:1&until=2", "strengths=joy:1&box=1,2",
    "strengths=joy:1&box=nan,0,1,1", "strengths=joy:1&box=0,0,1e9,1", "strengths=joy:1&refine=yes",
    "strengths=joy:1&keep=joy", "strengths=joy:1&method=magic", "strengths=joy:1&force=true&force=true",
    "strengths=joy:1&path=/etc/passwd", "strengths=%ff:1", "strengths=joy:1&%00=1", "strengths=" + "9" * 9000 + ":1",
)  # fmt: skip


@pytest.fixture(scope="module")
def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "white").save(file, "PNG")
    return file.getvalue()


def refused(answer: Response) -> str:
    """The message of a refusal, once it is checked."""
    assert 400 <= answer.status_code < 500, answer.text
    document = answer.json()
    (message,) = document.values()
    assert document.keys() == {"error"} and message and message.isprintable() and len(message) <= LONGEST
    return str(message)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_nobody_means_are_refused(client: TestClient, path: str, name: str) -> None:
    refused(client.post(path, content=BODIES[name].encode(), headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00" * 100, '{"a": "é"}'.encode("latin-1")])
def test_what_is_not_utf8_is_refused(client: TestClient, content: bytes) -> None:
    for path in PATHS:
        refused(client.post(path, content=content, headers={"Content-Type": "application/json; charset=latin-1"}))


@pytest.mark.parametrize("path", [*PATHS, "/v1/edit?strengths=joy:1", "/v1/invert"])
def test_large_bodies_are_refused_with_and_without_a_length(editor: CheerMeUp, path: str) -> None:
    client = client_of(editor, limits=limits(picture_bytes=2**20))
    picture = not path.endswith(PATHS)
    headers = {"Content-Type": "image/png" if picture else "application/json"}

    def parts() -> Iterator[bytes]:
        yield from (b"0" * 2**16 for _ in range(160))

    for content in (b"0" * 10_000_000, parts()):
        answer = client.post(path, content=content, headers=headers)
        assert answer.status_code == 413 and "at most 1 MiB" in refused(answer)
    told = client.post(path, content=b"0" * 2_000_000, headers={**headers, "Expect": "100-continue"})
    assert told.status_code == 413


@pytest.mark.parametrize("query", QUERIES)
def test_queries_that_nobody_means_are_refused(client: TestClient, query: str, picture: bytes) -> None:
    refused(client.post(f"/v1/edit?{query}", content=picture, headers={"Content-Type": "image/png"}))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, b"<svg/>"])
def test_files_that_are_no_pictures_are_refused(client: TestClient, content: bytes, picture: bytes) -> None:
    for file in (content, picture[: len(picture) // 2]):
        for path in ("/v1/edit?strengths=joy:1&force=true", "/v1/invert"):
            said = refused(client.post(path, content=file, headers={"Content-Type": "image/png"}))
            assert said.startswith("cannot use the picture: ")


def test_pictures_that_unpack_to_gigabytes_are_refused(client: TestClient) -> None:
    file = io.BytesIO()
    Image.new("1", (30_000, 20_000)).save(file, "PNG")
    assert len(file.getvalue()) < 2**20
    answer = client.post("/v1/invert", content=file.getvalue(), headers={"Content-Type": "image/png"})
    assert "too large" in refused(answer)


@pytest.mark.parametrize(
    ("path", "asked", "words"),
    [
        ("render", {"faces": 9}, "the number of faces must be a whole number from 1 to 8, not 9"),
        ("render", {"latents": [[0.0] * 8] * 9}, "the number of faces must be a whole number from 1 to 8, not 9"),
        ("move", {"latents": [[0] * 8] * 9, "strengths": {"joy": 1}}, "from 1 to 8, not 9"),
        ("render", {"size": 65}, "size must be a whole number from 16 to 64, not 65"),
        ("render", {"faces": 8, "size": 64}, "this server draws 0.02 million at most"),
        ("animate", {"faces": 8, "size": 16, "steps": 10}, "this server draws 0.02 million at most"),
        ("animate", {"faces": 1, "size": 16, "steps": 2, "emotion": ["joy"] * 60}, "this server draws 0.02 million"),
        ("animate", {"steps": 11}, "steps must be a whole number from 2 to 10, not 11"),
        ("animate", {"fps": 51}, "fps must be a number from 0.1 to 50, not 51"),
    ],
)
def test_limits_of_a_server_are_told_as_in_python(
    editor: CheerMeUp, path: str, asked: dict[str, Any], words: str
) -> None:
    client = client_of(editor, limits=limits(faces=8, size=64, steps=10, pixels=20_000))
    assert words in refused(client.post(f"/v1/{path}", json=asked))


def test_limits_of_pictures_and_videos_are_told(editor: CheerMeUp, picture: bytes) -> None:
    for small in (limits(picture_pixels=200), limits(picture_side=15)):
        client = client_of(editor, limits=small)
        answer = client.post("/v1/invert", content=picture, headers={"Content-Type": "image/png"})
        assert "16 x 16 pixels; this server edits" in refused(answer)
    client = client_of(editor, limits=limits(video_seconds=10))
    asked = {"faces": 1, "size": 16, "steps": 2, "repeat": 8}
    answer = client.post("/v1/animate", json=asked, headers={"Accept": "video/mp4"})
    assert "this server writes 10 at most" in refused(answer)


def test_messages_say_what_the_runtime_says(client: TestClient, editor: CheerMeUp) -> None:
    with pytest.raises(ValueError) as raised:
        editor.move(editor.sample(1), {"joi": 1})
    assert refused(client.post("/v1/render", json={"strengths": {"joi": 1}})) == str(raised.value)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20),
    st.sampled_from([10**30, -1, 0, 1, 1e308, 5e-324, "joy", "all", "none", "auto", "linear", "white", "#12"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=9), st.dictionaries(st.sampled_from(["joy", "fear", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)
NAMES = (
    "faces", "seed", "latents", "strengths", "until", "keep", "method", "size", "background", "emotion", "steps", "fps",
    "timeline", "easing", "loop", "hold", "repeat", "matte", "labels", "bars",
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
def test_no_value_breaks_the_server(editor: CheerMeUp, path: str, document: dict[str, Any]) -> None:
    client = client_of(editor, limits=limits(pixels=100_000))
    answer = client.post(path, json=document)
    if answer.status_code != 200:
        refused(answer)


def limits(**changed: Any) -> Any:
    """The usual limits, but for some."""
    from tlgan_runtime.server.limits import Limits

    return Limits(**changed)
