"""A bar on the terminal that shows how many pictures are read or drawn."""

from __future__ import annotations

from tqdm import tqdm


class PictureBar:
    """A `Progress` with pictures/s and the time left. It appears with the first pictures, and only on a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[object] | None = None

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            self._bar = tqdm(total=total, unit=" pictures", leave=False, disable=None)
        self._bar.update(done - self._bar.n)
        if done >= total:
            self._bar.close()
