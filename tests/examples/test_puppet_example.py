"""The puppet does what another program tells it over a socket."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.examples.example import module, ran, started
from tests.program import PATIENCE
from tlgan_runtime import CheerMeUp, write_animation


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def test_the_face_follows_the_lines_and_ends_where_the_last_one_says(
    bundle: Path, editor: CheerMeUp, tmp_path: Path
) -> None:
    process = started("puppet", "--bundle", bundle, "--port", 0, "--seed", 3, "--record", tmp_path / "%03d.png")
    try:
        assert process.stdout is not None
        with connected(int(process.stdout.readline().rpartition(" ")[2])) as program:
            program.sendall(b'{"anger": 1}\n{"joi": 1}\n')
            answer = json.loads(program.makefile().readline())
            program.sendall(b'{"joy": 0.7}\n')
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()
    assert "unknown emotion 'joi'" in answer["error"]
    z = editor.sample(1, 3)
    write_animation(tmp_path / "expected_%03d.png", [editor.render(editor.move(z, {"joy": 0.7}))] * 2)
    last = max(tmp_path.glob("[0-9]*.png"), key=lambda path: int(path.stem))
    assert last.read_bytes() == next(tmp_path.glob("expected_*.png")).read_bytes()


@pytest.mark.parametrize("line", [b"{", b"[1]", b'{"joy": NaN}', b'{"joy": "1"}', b"\xff", b"[" * 60_000])
def test_a_wrong_line_is_answered_and_changes_nothing(editor: CheerMeUp, line: bytes) -> None:
    puppet = editor.puppet(editor.sample(1))
    puppet.set({"joy": 0.5})
    with module("puppet").Ears(puppet, 0) as ears, connected(ears.server_address[1]) as program:
        program.sendall(line + b"\n")
        assert json.loads(program.makefile().readline()).keys() == {"error"}
    puppet.frame(1000)
    assert puppet.strengths["joy"] == 0.5


def test_the_window_shows_the_face(editor: CheerMeUp, monkeypatch: pytest.MonkeyPatch) -> None:
    pygame = pytest.importorskip("pygame", reason="pygame is not installed: pip install pygame")
    monkeypatch.setitem(os.environ, "SDL_VIDEODRIVER", "dummy")
    puppet, seen = editor.puppet(editor.sample(1)), []
    example = module("puppet")

    def camera(picture: np.ndarray) -> None:
        shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
        np.testing.assert_array_equal(shown, picture)
        seen.append(picture)
        puppet.set({"joy": 1})
        if puppet.strengths["joy"] == 1:
            pygame.event.post(pygame.event.Event(pygame.QUIT))

    example.show(puppet, camera)
    arrived = example.large(editor.render(editor.move(editor.sample(1), {"joy": 1})))
    np.testing.assert_array_equal(seen[-1], arrived)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--bundle", "nowhere", "--record", "a.gif"], 2, "no bundle"),
        (["--seed", "-1", "--record", "a.gif"], 2, "seed must be a whole number"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments: list[Any], code: int, words: str) -> None:
    run = ran("puppet", "--port", 0, *arguments)
    assert run.returncode == code and words in run.stderr and run.stderr.count("\n") == 1


@pytest.mark.skipif(importlib.util.find_spec("pygame") is not None, reason="pygame is installed")
def test_a_missing_library_is_named(bundle: Path) -> None:
    run = ran("puppet", "--port", 0, "--bundle", bundle)
    assert (run.returncode, run.stderr) == (4, "puppet: pygame is missing; pip install pygame, or --record FILE\n")
