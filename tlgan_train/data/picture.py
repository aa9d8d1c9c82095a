"""One picture file as a square of RGB pixels.

The middle square of a picture that is not square is used. Transparent parts show white. Photographs are turned upright
as their EXIF says. Sizes change with a Lanczos filter over all source pixels, so that shrinking does not alias; a
picture that has the right size already keeps its pixels exactly. Animated files give their first frame.
"""

from __future__ import annotations

import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# An allow-list, because Pillow would start other programs for some formats (EPS).
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif", ".tif", ".tiff")
SUFFIXES += (".ppm", ".pgm", ".pbm", ".pnm")
"""In small letters: a file that ends otherwise is not taken for a picture."""
MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 50_000_000


class UnusablePictureError(Exception):
    """A file that is no picture that can be used; the message is the reason, in a few words."""


def read_picture(path: Path, size: int) -> np.ndarray:
    """uint8 (size, size, 3) RGB; raises `UnusablePictureError` with the reason for any file that gives no picture."""
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
                return _square(image, size)
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


def _square(image: Image.Image, size: int) -> np.ndarray:
    rgb = _on_white(ImageOps.exif_transpose(image))
    side = min(rgb.size)
    left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
    resized = rgb.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side))
    return np.asarray(resized, np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    image.load()
    if image.mode.startswith("I"):
        # Integer modes hold 16-bit grey (PNG, TIFF, PGM); Pillow would clip it at 255 instead of taking the high byte.
        high_byte = np.asarray(image, np.int64) >> 8
        return Image.fromarray(high_byte.clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise UnusablePictureError("floating-point pixels, whose range is not known")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")
