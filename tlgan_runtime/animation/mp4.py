"""Check that an MP4 file is complete. If ffmpeg stops halfway (full disk, kill), imageio-ffmpeg reports nothing."""

from __future__ import annotations

import struct
from pathlib import Path

UNFINISHED = "ffmpeg stopped before the file was complete; there may be too little space or memory"


def check_whole(path: Path) -> None:
    """Raise `OSError` unless the boxes of the file fill it exactly and one of them is the index, which comes last."""
    size, start, names = path.stat().st_size, 0, []
    with path.open("rb") as file:
        while start + 8 <= size:
            file.seek(start)
            length, name = struct.unpack(">I4s", file.read(8))
            if length == 1:  # a box of more than 4 GiB
                (length,) = struct.unpack(">Q", file.read(8).ljust(8, b"\0"))
            if length < 8:
                break
            names.append(name)
            start += length
    if start != size or b"moov" not in names:
        raise OSError(UNFINISHED)
