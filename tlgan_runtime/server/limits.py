"""`Limits`: what one request may ask for, and what all together may take."""

from __future__ import annotations

from dataclasses import dataclass

from tlgan_runtime.animation.options import MAX_FPS
from tlgan_runtime.errors import InputError
from tlgan_runtime.option import Kind, Real, Whole


@dataclass(frozen=True)
class Limits:
    """Limits of a server. The defaults suit a machine with two cores and 2 GiB of memory."""

    json_bytes: int = 2**20
    """Of a body in JSON."""
    picture_bytes: int = 16 * 2**20
    """Of a body that is a picture."""
    bodies_bytes: int = 128 * 2**20
    """Of all bodies that are held at a time."""
    picture_pixels: int = 4_000_000
    """Of a picture that is edited, which takes up to 100 bytes of memory for each."""
    picture_side: int = 4096
    """Longer side of a picture that is edited, in pixels."""
    faces: int = 64
    """In one request."""
    steps: int = 240
    """From strength 0 to 1."""
    size: int = 1024
    """Side of a face in pixels."""
    pixels: int = 32_000_000
    """Of all faces in all frames of one answer."""
    video_seconds: float = 60
    """Of all passes of a video."""
    waiting: int = 64
    """Requests that wait for a drawing thread; more are refused."""
    body_seconds: float = 10
    """For a body to arrive."""
    seconds: float = 30
    """For a request to be drawn, with the time that it waits."""

    def narrowed(self, name: str, kind: Kind) -> Kind:
        """Return the kind of the option `name`, with the bounds that apply to requests."""
        most = {"faces": self.faces, "steps": self.steps, "size": self.size, "fps": MAX_FPS}.get(name)
        match kind:
            case Whole(low=low, high=high) if most is not None:
                return Whole(low, min(high, most))
            case Real(low=low, high=high) if most is not None:
                return Real(low, min(high, most))
        return kind

    def check_pixels(self, faces: int, size: int) -> None:
        """Raise `InputError` for `faces` pictures of `size` pixels on a side, if they have too many pixels together."""
        if (pixels := faces * size**2) > self.pixels:
            raise InputError(
                f"{pixels / 10**6:.0f} million pixels; this server draws {self.pixels / 10**6:g} million at most: take "
                "fewer steps, or fewer or smaller faces"
            )

    def check_picture(self, width: int, height: int) -> None:
        """Raise `InputError` for a picture that is too large to be edited, in pixels."""
        if width * height > self.picture_pixels or max(width, height) > self.picture_side:
            raise InputError(
                f"the picture has {width} x {height} pixels; this server edits {self.picture_pixels / 10**6:g} million "
                f"at most, and {self.picture_side} on a side: make it smaller"
            )

    def check_video(self, seconds: float) -> None:
        """Raise `InputError` for a video that takes too long, in seconds of all passes."""
        if seconds > self.video_seconds:
            raise InputError(
                f"the video takes {seconds:.0f} seconds; this server writes {self.video_seconds:g} at most: take fewer "
                "passes, or shorter times"
            )
