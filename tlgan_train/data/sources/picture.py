"""Reads one picture file as a square of RGB pixels, and in full size with alpha.

If a picture is not square and has no frame (see `fit.py`), its middle square is used. In RGB, a colour shows where it
is transparent. Photographs are turned upright as their EXIF says. Sizes change with a Lanczos filter over all source
pixels, so that shrinking does not alias; a picture that has the right size already keeps its pixels exactly. Animated
files give their first frame.
"""

from __future__ import annotations

import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tlgan_runtime.transparency import Colour
from tlgan_train.data.sprites import SIDES

# An allow-list, because Pillow would start other programs for some formats (EPS).
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif", ".tif", ".tiff")
SUFFIXES += (".ppm", ".pgm", ".pbm", ".pnm")
"""Suffixes of pictures, in lower case. Other files are no pictures."""
MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 50_000_000

WHITE: Colour = (255, 255, 255)
Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels. Right and bottom lie outside."""


class UnusablePictureError(Exception):
    """A file is not a usable picture. The message gives the reason in a few words."""


def read_picture(
    path: Path, size: int, frame: Box | None = None, full: int = 0, behind: Colour = WHITE
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the square `frame`, by default the middle square, as uint8 (size, size, 3) RGB, and as a sprite.

    In RGB, `behind` shows where the picture is transparent.

    A sprite is uint8 (side, side, 4), straight alpha, with the largest side up to `full` that needs no enlarging (see
    `SIDES`). It is None if it would show no more than the picture of `size` pixels.

    A frame may reach beyond the picture; that part is transparent or has the colour of the background. Raises
    `UnusablePictureError` with the reason for any unusable file.
    """
    with opened(path) as image:
        upright = ImageOps.exif_transpose(image)
        alpha, rgb = see_through(upright), solid(upright, behind)
        rgba = upright.convert("RGBA") if alpha is not None else rgb
        side = min(rgb.size)
        left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
        box = frame or (left, top, left + side, top + side)
        own = max((own for own in SIDES if own <= min(full, box[2] - box[0])), default=min(full, size))
        picture = np.asarray(_square(rgb, box, size, behind if alpha is not None else None), np.uint8)
        if not full or (own <= size and alpha is None):
            return picture, None
        sprite = _square(rgba, box, own, (0, 0, 0, 0) if alpha is not None else None)
        return picture, np.asarray(sprite.convert("RGBA"), np.uint8)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture without decoding its pixels. Errors of Pillow in the block become `UnusablePictureError`."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise UnusablePictureError("not a file")
        if status.st_size == 0:
            raise UnusablePictureError("empty file (0 bytes)")
        if status.st_size > MAX_BYTES:
            raise UnusablePictureError(f"too large ({status.st_size / 2**20:.0f} MiB; at most {MAX_BYTES >> 20} MiB)")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
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


def see_through(image: Image.Image) -> Image.Image | None:
    """Return the alpha channel of a partly transparent picture, else None.

    Raises `UnusablePictureError` if the whole picture is transparent.
    """
    if not image.has_transparency_data:
        return None
    alpha = image.convert("RGBA").getchannel("A")
    lowest, highest = alpha.getextrema()
    if highest == 0:
        raise UnusablePictureError("transparent all over, it shows nothing")
    return alpha if lowest < 255 else None


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


def edge_colours(rgb: Image.Image) -> np.ndarray:
    """Return the pixels of the upper, left and right edges, uint8 (K, 3). Figures often touch the lower edge."""
    pixels = np.asarray(rgb)
    return np.concatenate([pixels[0], pixels[:, 0], pixels[:, -1]])


def _square(image: Image.Image, box: Box, size: int, behind: tuple[int, ...] | None) -> Image.Image:
    """Return `box` of a picture with `size` pixels. Beyond the picture is `behind`; None is the colour of its edges."""
    if box[0] < 0 or box[1] < 0 or box[2] > image.width or box[3] > image.height:
        colour = behind or tuple(np.median(edge_colours(image), axis=0).astype(int).tolist())
        padded = Image.new(image.mode, (box[2] - box[0], box[3] - box[1]), colour)
        padded.paste(image, (-box[0], -box[1]))
        image, box = padded, (0, 0, *padded.size)
    return image.resize((size, size), Image.Resampling.LANCZOS, box=box)
