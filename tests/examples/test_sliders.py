"""The window with sliders: what its thread draws, and the window itself on a display that nobody sees."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.examples.example import module
from tests.program import PATIENCE
from tlgan_runtime import CheerMeUp

pytest.importorskip("tkinter", reason="this Python has no Tk")


@pytest.fixture(scope="module")
def example() -> Any:
    return module("sliders_tk")


@pytest.fixture(scope="module")
def display() -> Iterator[None]:
    """A screen of its own, if this system can have one."""
    if sys.platform == "win32" or shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DISPLAY", f":{server.stdout.readline().strip()}")
            yield
        server.terminate()


def eventually(happens: Callable[[], object], meanwhile: Callable[[], object] = lambda: None) -> None:
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end
        meanwhile()
        time.sleep(0.005)


def test_only_the_latest_wish_is_drawn_and_asking_never_waits(example: Any) -> None:
    begun, go, drawn = threading.Event(), threading.Event(), []

    def draw(wish: int) -> np.ndarray:
        drawn.append(wish)
        begun.set()
        assert go.wait(PATIENCE)
        return np.full(1, wish)

    painter = example.Painter(draw)
    painter.ask(1)
    assert begun.wait(PATIENCE)
    for wish in (2, 3, 4):
        painter.ask(wish)
    assert painter.take() is None
    go.set()
    taken: list[int] = []
    eventually(lambda: 4 in taken, lambda: taken.extend([] if (one := painter.take()) is None else one.tolist()))
    assert drawn == [1, 4] and painter.take() is None


@pytest.mark.usefixtures("display")
def test_the_window_follows_its_sliders_and_answers_while_a_face_is_drawn(example: Any, editor: CheerMeUp) -> None:
    go = threading.Event()

    class Slow(CheerMeUp):
        def render(self, *arguments: Any) -> Any:
            assert go.wait(PATIENCE)
            return super().render(*arguments)

    window = example.Window(Slow(editor.path, threads=1))

    def shows(picture: np.ndarray) -> bool:
        if not hasattr(window, "image"):
            return False
        wanted = example.Image.fromarray(picture).resize((example.SIZE,) * 2, example.Image.Resampling.BICUBIC)
        return bool(np.array_equal(np.asarray(example.ImageTk.getimage(window.image).convert("RGB")), wanted))

    try:
        sliders = [one for one in window.winfo_children()[1].winfo_children() if one.winfo_class() == "Scale"]
        assert [one.cget("label") for one in sliders] == editor.emotions
        sliders[editor.emotions.index("joy")].set(0.75)
        for _ in range(5):
            window.update()  # the window works, though nothing has been drawn
        assert window.strengths["joy"].get() == 0.75 and not hasattr(window, "image")
        go.set()
        z = editor.sample(1, 0)
        eventually(lambda: shows(editor.render(editor.move(z, {"joy": 0.75}))[0]), window.update)
        window.reset()
        eventually(lambda: shows(editor.render(z)[0]), window.update)
        window.next_face()
        eventually(lambda: shows(editor.render(editor.sample(1, 1))[0]), window.update)
    finally:
        window.destroy()
