"""What an animation file says of its own timing."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageSequence


def durations(path: Path) -> list[int]:
    """Milliseconds of each frame in the file."""
    found = []
    with Image.open(path) as image:
        for frame in ImageSequence.Iterator(image):
            frame.load()  # a WebP frame has its time only when decoded
            found.append(round(frame.info["duration"]))
    return found
