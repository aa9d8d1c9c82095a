"""Open picture files of many formats, damaged and hostile ones as well, and see what is in them.

Photographs are turned upright as their EXIF says. Animated files give their first frame.
"""

from __future__ import annotations

import math
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tlgan_runtime.transparency import Colour

# An allow-list, because Pillow would start other programs for some formats (EPS).
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES: tuple[str, ...] = (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif")
SUFFIXES += (".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm")
"""Suffixes of pictures, in lower case. Other files are no pictures."""
MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 50_000_000

WHITE: Colour = (255, 255, 255)
Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels. Right and bottom lie outside."""
CLEAR = 16
"""Largest alpha (of 255) of background. Soft edges and shadows hardly show there."""
NOISE = 40
"""Largest difference of background from its colour, in any channel. JPEG causes this much."""
FINE = 8
"""By this factor, what is cut out beyond a picture may be larger than what it becomes."""
PLAIN = 0.6
"""Share of the edges that must have one colour for a plain background. Shoulders may touch the lower edge."""


class UnusablePictureError(Exception):
    """A file is not a usable picture. The message gives the reason in a few words."""


@contextmanager
def opened(source: Path | bytes) -> Iterator[Image.Image]:
    """Open a picture, a file or the bytes of one, without decoding its pixels.

    Errors of Pillow in the block become `UnusablePictureError`.
    """
    try:
        size = len(source) if isinstance(source, bytes) else _file_size(source)
        if size == 0:
            raise UnusablePictureError("empty file (0 bytes)")
        if size > MAX_BYTES:
            raise UnusablePictureError(f"too large ({size / 2**20:.0f} MiB; at most {MAX_BYTES >> 20} MiB)")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError
                yield image
    except UnusablePictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnusablePictureError(f"too large (more than {MAX_PIXELS // 10**6} megapixels)") from None
    except UnidentifiedImageError:
        raise UnusablePictureError(f"not a picture ({', '.join(FORMATS)})") from None
    except OSError as error:
        raise UnusablePictureError(error.strerror or str(error)) from None
    except Exception as error:  # decoders of damaged files raise whatever they stumble over
        raise UnusablePictureError(f"damaged ({error or type(error).__name__})") from None


def _file_size(path: Path) -> int:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise UnusablePictureError("not a file")
    return status.st_size


def see_through(image: Image.Image) -> Image.Image | None:
    """Return the alpha channel of a partly transparent picture, else None.

    Raises `UnusablePictureError` if the whole picture is transparent.
    """
    if not image.has_transparency_data:
        return None
    alpha = image.convert("RGBA").getchannel("A")
    levels = np.asarray(alpha)
    if not levels.any():
        raise UnusablePictureError("transparent all over, it shows nothing")
    return alpha if levels.min() < 255 else None


def solid(image: Image.Image, behind: Colour = WHITE) -> Image.Image:
    """Return the picture in RGB, with a colour behind transparent parts."""
    image.load()
    if image.mode.startswith("I"):
        # Integer modes hold 16-bit grey (PNG, TIFF, PGM); Pillow would clip it at 255 instead of taking the high byte.
        high_byte = np.asarray(image, np.int64) >> 8
        return Image.fromarray(high_byte.clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise UnusablePictureError("floating-point pixels, whose range is not known")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, behind), image).convert("RGB")
    return image.convert("RGB")


def edge_colours(rgb: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of the upper, left and right edges, uint8 (K, 3). Figures often touch the lower edge."""
    pixels = np.asarray(rgb)
    return np.concatenate([pixels[0], pixels[:, 0], pixels[:, -1]])


def plain_background(rgb: Image.Image) -> NDArray[np.float64] | None:
    """Return the colour (3,) that most of the edges of an opaque picture have, if there is one."""
    edges = edge_colours(rgb).astype(int)
    colour: NDArray[np.float64] = np.median(edges, axis=0)
    return colour if (np.abs(edges - colour) <= NOISE).all(axis=1).mean() >= PLAIN else None


def content_box(image: Image.Image) -> Box:
    """Return the box of an upright picture. It is the whole picture if there is no plain background.

    Raises `UnusablePictureError` if the whole picture is transparent.
    """
    alpha = see_through(image)
    if alpha is not None:
        found = alpha.point([0] * (CLEAR + 1) + [255] * (255 - CLEAR)).getbbox()
    else:
        rgb = solid(image)
        colour, found = plain_background(rgb), None
        if colour is not None:
            other = (np.abs(np.asarray(rgb, np.int16) - colour) > NOISE).any(axis=2)
            found = Image.fromarray(other).getbbox()
    return found or (0, 0, *image.size)


def square(
    image: Image.Image, box: tuple[float, float, float, float], size: int, behind: tuple[int, ...] | None
) -> Image.Image:
    """Return `box` of a picture with `size` pixels. Beyond the picture is `behind`; None is the colour of its edges."""
    if box[0] < 0 or box[1] < 0 or box[2] > image.width or box[3] > image.height:
        factor = int((box[2] - box[0]) / (FINE * size))
        if factor > 1:  # else the square around a panorama could take gigabytes
            left, top, right, bottom = (edge / factor for edge in box)
            image, box = image.reduce(factor), (left, top, right, bottom)
        colour = behind or tuple(np.median(edge_colours(image), axis=0).astype(int).tolist())
        x, y = math.floor(box[0]), math.floor(box[1])
        padded = Image.new(image.mode, (math.ceil(box[2]) - x, math.ceil(box[3]) - y), colour)
        padded.paste(image, (-x, -y))
        image, box = padded, (box[0] - x, box[1] - y, box[2] - x, box[3] - y)
    return image.resize((size, size), Image.Resampling.LANCZOS, box=box)
