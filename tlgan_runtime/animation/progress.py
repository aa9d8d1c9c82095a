"""Says how far the frames of an animation are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tlgan_runtime.animation.layout import Pixels

Progress = Callable[[int, int], None]
"""Called with the frames done and all frames."""


def reported(frames: Iterator[Pixels], count: int, progress: Progress | None) -> Iterator[Pixels]:
    """Yield the frames, and call `progress` after each. `count` is their number, or about that."""
    for done, frame in enumerate(frames, start=1):
        yield frame
        if progress is not None:
            progress(done, max(count, done))
