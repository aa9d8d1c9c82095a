"""A window with a slider for each emotion, and a face that follows them.

    pip install "cheermeup[cpu]"
    python examples/sliders_tk.py [BUNDLE]

Tk comes with most installations of Python; on Debian it is the package python3-tk.
"""

from __future__ import annotations

import sys
import threading
import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from PIL import Image, ImageTk

from tlgan_runtime import CheerMeUp, CheerMeUpError

SIZE = 384
POLL = 15
"""Milliseconds between two looks for a new picture. Only the thread of the window may touch Tk."""


class Painter(threading.Thread):
    """Draws what was asked for last, away from the window. What a newer wish replaced is never drawn."""

    def __init__(self, draw: Callable[[Any], np.ndarray]) -> None:
        super().__init__(daemon=True)
        self._draw = draw
        self._changed = threading.Condition()
        self._wishes: list[Any] = []
        self._pictures: list[np.ndarray] = []
        self.start()

    def ask(self, wish: Any) -> None:
        with self._changed:
            self._wishes = [wish]
            self._changed.notify()

    def take(self) -> np.ndarray | None:
        """The newest picture that nobody has taken."""
        with self._changed:
            taken, self._pictures = self._pictures, []
        return taken[0] if taken else None

    def run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wishes)
                wish = self._wishes.pop()
            picture = self._draw(wish)
            with self._changed:
                self._pictures = [picture]


class Window(tk.Tk):
    def __init__(self, app: CheerMeUp) -> None:
        super().__init__()
        self.title(f"CheerMeUp: {app.manifest.name}")
        self._app, self._seed = app, tk.IntVar(self, 0)
        self.strengths = {name: tk.DoubleVar(self, 0.0) for name in app.vocabulary.names}
        self.face = tk.Label(self)
        self.face.pack(side="left", padx=8, pady=8)
        panel = tk.Frame(self)
        panel.pack(side="right", fill="y", padx=8, pady=8)
        for name, variable in self.strengths.items():
            scale = partial(tk.Scale, panel, from_=0, to=1, resolution=0.01, orient="horizontal", length=220)
            scale(label=name, variable=variable, command=self.ask).pack(fill="x")
        tk.Button(panel, text="As it was", command=self.reset).pack(fill="x")
        tk.Button(panel, text="Another face", command=self.next_face).pack(fill="x")
        self._painter = Painter(self._drawn)
        self.ask()
        self.after(POLL, self._look)

    def ask(self, *_: str) -> None:
        """Have the face drawn as the sliders stand."""
        mix = {name: variable.get() for name, variable in self.strengths.items()}
        self._painter.ask((self._seed.get(), mix))

    def reset(self) -> None:
        for variable in self.strengths.values():
            variable.set(0.0)
        self.ask()

    def next_face(self) -> None:
        self._seed.set(self._seed.get() + 1)
        self.ask()

    def _drawn(self, wish: tuple[int, dict[str, float]]) -> np.ndarray:
        seed, mix = wish
        return self._app.render(self._app.move(self._app.sample(1, seed), mix))[0]

    def _look(self) -> None:
        if (picture := self._painter.take()) is not None:
            large = Image.fromarray(picture).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
            self.image = ImageTk.PhotoImage(large, master=self)  # Tk shows it only while somebody holds it
            self.face.configure(image=self.image)
        self.after(POLL, self._look)


if __name__ == "__main__":
    try:
        Window(CheerMeUp(sys.argv[1] if len(sys.argv) > 1 else None)).mainloop()
    except (CheerMeUpError, tk.TclError) as error:
        sys.exit(f"sliders: {error}")
