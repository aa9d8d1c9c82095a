"""What each operation answers: the same as the methods of `CheerMeUp`."""

from __future__ import annotations

import io
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.runtime.server.conftest import client_of
from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp
from tlgan_runtime.animation.layout import tile

if TYPE_CHECKING:
    from starlette.testclient import TestClient

Pixels = NDArray[np.uint8]
MIX = {"joy": 0.8, "anger": -0.2}
AS_JSON = {"Accept": "application/json"}


def pixels(content: bytes) -> Pixels:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)


def file_of(face: Pixels, **settings: Any) -> bytes:
    """A face of 64 pixels, as a file."""
    file = io.BytesIO()
    Image.fromarray(np.kron(face, np.ones((4, 4, 1), np.uint8))).save(file, **{"format": "PNG", **settings})
    return file.getvalue()


@pytest.mark.parametrize("media_type", ["image/png", "image/webp"])
def test_render_draws_seeded_faces_side_by_side(client: TestClient, editor: CheerMeUp, media_type: str) -> None:
    asked = {"faces": 3, "seed": 7, "size": 32, "strengths": MIX, "method": "paper", "keep": ["fear"]}
    answer = client.post("/v1/render", json=asked, headers={"Accept": media_type})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    moved = editor.move(editor.sample(3, seed=7), MIX, "paper", keep=["fear"])
    assert (pixels(answer.content) == tile(editor.render(moved), 32)).all()


def test_render_needs_nothing_and_draws_a_face_as_the_bundle_does(client: TestClient, editor: CheerMeUp) -> None:
    answer = client.post("/v1/render", json={})
    assert answer.headers["content-type"] == "image/png"
    assert (pixels(answer.content) == editor.render(editor.sample(1))[0]).all()


def test_render_gives_a_picture_and_the_latent_of_each_face_as_json(client: TestClient, editor: CheerMeUp) -> None:
    z = editor.sample(2, seed=5)
    asked = {"latents": z.tolist(), "strengths": {"joy": 1}, "until": 0.5}
    answer = client.post("/v1/render", json=asked, headers=AS_JSON).json()
    moved = editor.move(z, {"joy": 1}, until=0.5)
    assert (np.array(answer["latents"], np.float32) == moved).all()
    drawn = [pixels(b64decode(picture)) for picture in answer["pictures"]]
    assert (np.stack(drawn) == editor.render(moved)).all()


def test_move_gives_latents_bit_for_bit(client: TestClient, editor: CheerMeUp) -> None:
    z = editor.sample(3, seed=2)
    answer = client.post("/v1/move", json={"latents": z.tolist(), "strengths": MIX, "keep": ["fear"]})
    assert (np.array(answer.json()["latents"], np.float32) == editor.move(z, MIX, keep=["fear"])).all()


@pytest.mark.parametrize(
    ("accept", "media_type", "kind", "frames"),
    [
        ("*/*", "image/gif", "GIF", 6),
        ("image/webp", "image/webp", "WEBP", 6),
        ("image/apng", "image/apng", "PNG", 6),
    ],
)
def test_animate_writes_each_format(client: TestClient, accept: str, media_type: str, kind: str, frames: int) -> None:
    asked = {"emotion": ["joy", "fear"], "steps": 4, "faces": 1, "size": 16, "fps": 10, "hold": 0}
    answer = client.post("/v1/animate", json=asked, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.n_frames, image.size) == (kind, frames, (34, 16))


def test_animate_writes_what_gif_does(client: TestClient, editor: CheerMeUp, tmp_path: Any) -> None:
    asked = {"timeline": "neutral, joy@0.4s", "faces": 2, "size": 64, "labels": True, "bars": True}
    answer = client.post("/v1/animate", json=asked)
    editor.gif(tmp_path / "a.gif", **asked)
    assert answer.content == (tmp_path / "a.gif").read_bytes()


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_animate_writes_videos(client: TestClient, kind: str) -> None:
    pytest.importorskip("imageio_ffmpeg", reason='ffmpeg is not installed: pip install "cheermeup[video]"')
    asked = {"steps": 3, "faces": 1, "size": 16}
    answer = client.post("/v1/animate", json=asked, headers={"Accept": f"video/{kind}"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"video/{kind}")
    assert {"mp4": b"ftyp", "webm": b"webm"}[kind] in answer.content[:64]


def test_edit_gives_the_edited_picture(client: TestClient, editor: CheerMeUp) -> None:
    file = file_of(editor.render(editor.sample(1, seed=3))[0])
    answer = client.post(
        "/v1/edit?strengths=joy:0.8&strengths=anger:-0.2&keep=fear&keep=surprise&method=paper&refine=true",
        content=file,
        headers={"Content-Type": "image/png"},
    )
    wanted = editor.edit_picture(file, MIX, "paper", keep=["fear", "surprise"], refine=True)
    assert answer.headers["content-type"] == "image/png" and (pixels(answer.content) == wanted).all()


def test_edit_and_invert_say_where_the_face_is(client: TestClient, editor: CheerMeUp) -> None:
    file = file_of(editor.render(editor.sample(1, seed=3))[0], format="WEBP", lossless=True)
    headers = {"Content-Type": "application/octet-stream", **AS_JSON}
    found = client.post("/v1/invert?box=0,0,64,64", content=file, headers=headers).json()
    wanted = editor.invert(file, box=(0, 0, 64, 64))
    assert (np.array(found["latents"], np.float32) == wanted.z).all()
    assert found["box"] == [0, 0, 64, 64] and found["fit"] == wanted.fit > 0.9
    edited = client.post("/v1/edit?strengths=joy:1", content=file, headers=headers).json()
    assert (pixels(b64decode(edited["picture"])) == editor.edit_picture(file, {"joy": 1})).all()
    assert edited["fit"] > 0.9 and len(edited["box"]) == 4


def test_a_picture_that_does_not_fit_is_refused_with_the_reason(client: TestClient) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    headers = {"Content-Type": "image/png"}
    answer = client.post("/v1/edit?strengths=joy:1", content=file_of(noise), headers=headers)
    assert answer.status_code == 422 and "shows no face that tiny can draw" in answer.json()["error"]
    forced = client.post("/v1/edit?strengths=joy:1&force=true", content=file_of(noise), headers=headers)
    assert forced.status_code == 200 and pixels(forced.content).shape == (64, 64, 3)


def test_read_says_what_the_classifier_sees(client: TestClient, editor: CheerMeUp) -> None:
    face = editor.render(editor.sample(1, seed=3))[0]
    scores, file, headers = editor.classify(face[None]), io.BytesIO(), {"Content-Type": "image/png"}
    Image.fromarray(face).save(file, "PNG")
    read = client.post("/v1/read", content=file.getvalue(), headers=headers).json()
    assert list(read["emotion"]) == editor.emotions and list(read["character"]) == editor.characters
    assert list(read["emotion"].values()) == pytest.approx(scores.emotion[0].tolist())
    assert list(read["character"].values()) == pytest.approx(scores.character[0].tolist())
    placed = np.zeros((100, 140, 3), np.uint8)
    placed[20:84, 50:114] = np.kron(face, np.ones((4, 4, 1), np.uint8))
    file = io.BytesIO()
    Image.fromarray(placed).save(file, "PNG")
    within = client.post("/v1/read?box=50,20,64,64", content=file.getvalue(), headers=headers).json()
    assert list(within["emotion"].values()) == pytest.approx(scores.emotion[0].tolist(), abs=0.02)
    refused = client.post("/v1/read?box=200,20,64,64", content=file.getvalue(), headers=headers)
    assert refused.status_code == 422 and "outside the picture" in refused.json()["error"]


def test_read_puts_transparent_faces_on_their_background(tmp_path: Path) -> None:
    editor = CheerMeUp(make_bundle(tmp_path / "sprite", sprite=True), threads=1)  # it has no encoder, and needs none
    z, file = editor.sample(1, seed=3), io.BytesIO()
    Image.fromarray(editor.render(z, background=None)[0]).save(file, "PNG")
    with client_of(editor) as client:
        read = client.post("/v1/read", content=file.getvalue(), headers={"Content-Type": "image/png"}).json()
    assert list(read["emotion"].values()) == pytest.approx(editor.classify(editor.render(z)).emotion[0].tolist())
