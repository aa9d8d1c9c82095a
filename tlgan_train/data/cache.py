"""A cache on disk of decoded or drawn pictures, which are mapped into memory.

An entry is a folder, named by its source's key, with `images.npy` (uint8 N × S × S × 3), `sprites.bin` (the same
pictures in full size and with alpha, if the source has them), `columns.npz` (labels and factors) and `entry.json`
(skipped files, notes, checksums). It is written under a temporary name and renamed when complete, so that any number of
programs may build and read at the same time. Each reads only complete entries. If two build the same one, the later one
is dropped. A damaged entry is built again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tlgan_runtime.files import flush, unfinished
from tlgan_train.data.dataset import SkippedFile
from tlgan_train.data.sources.source import Source, check_usable, refuse_many_skipped
from tlgan_train.data.sprites import Sprites, open_sprites
from tlgan_train.errors import TrainError

Progress = Callable[[int, int], None]
"""Called with the number of finished pictures and of all pictures."""

FORMAT = 2
PAGE = 4096
SPRITE_BYTES = 0.5
"""Of each pixel, roughly."""
IMAGES, SPRITES, COLUMNS, ENTRY = "images.npy", "sprites.bin", "columns.npz", "entry.json"


@dataclass(frozen=True)
class Stored:
    """A cache entry with N pictures."""

    folder: Path
    images: np.ndarray
    """uint8 (N, S, S, 3), mapped read-only."""
    character: np.ndarray
    emotion: np.ndarray
    factors: np.ndarray
    """float32 (N, F)."""
    skipped: tuple[SkippedFile, ...]
    pixels: str
    """SHA-256 of all pixels."""
    notes: tuple[str, ...] = ()
    sprites: Sprites | None = None
    """None if they would show no more than `images`."""


def default_cache() -> Path:
    """Return `$CHEERMEUP_CACHE`, or else `cheermeup` in the user's cache folder (`$XDG_CACHE_HOME`, `~/.cache`).

    Raises `TrainError` if neither variable is set and the user has no home folder.
    """
    if chosen := os.environ.get("CHEERMEUP_CACHE"):
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cheermeup"
    except RuntimeError:  # no HOME, and a user that the system does not know, as in some containers
        raise TrainError(
            "this user has no home folder for the picture cache; set CHEERMEUP_CACHE to a folder that can be written"
        ) from None


def cached(source: Source, cache: Path, progress: Progress | None = None) -> Stored:
    """Return the entry of a source. A missing or damaged entry is built first.

    Raises `TrainError` when too many files are unusable, a class is empty, or the cache cannot be written.
    """
    folder = cache.absolute() / f"pictures-{source.key[:32]}"
    if (stored := _open(folder, source)) is not None:
        return stored
    try:
        _build(folder, source, progress)
    except OSError as error:
        raise TrainError(
            f"cannot write the picture cache {cache} ({error.strerror or error}); "
            "set CHEERMEUP_CACHE to a folder with space that can be written"
        ) from None
    if (stored := _open(folder, source)) is not None:
        return stored
    raise TrainError(f"the cache entry {folder} cannot be read back; remove it, or set CHEERMEUP_CACHE elsewhere")


def _open(folder: Path, source: Source) -> Stored | None:
    """Return the entry if it is complete and undamaged, else None."""
    try:
        entry = json.loads((folder / ENTRY).read_text(encoding="utf-8"))
        columns = (folder / COLUMNS).read_bytes()
        if entry["format"] != FORMAT or entry["key"] != source.key or entry["columns"] != _sha256(columns):
            return None
        images = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
        side = source.image_size
        if images.shape != (entry["count"], side, side, 3) or images.dtype != np.uint8:
            return None
        if _sample_checksum(images) != entry["sample"]:
            return None
        with np.load(folder / COLUMNS, allow_pickle=False) as arrays:
            sprites, notes = open_sprites(folder / SPRITES, arrays["sprites"], side)
            if sprites is not None and _sprites_checksum(folder / SPRITES) != entry["sprites"]:
                return None
            return Stored(
                folder,
                images,
                arrays["character"],
                arrays["emotion"],
                arrays["factors"],
                tuple(SkippedFile(path, reason) for path, reason in entry["skipped"]),
                str(entry["pixels"]),
                (*map(str, entry["notes"]), *notes),
                sprites,
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def _build(folder: Path, source: Source, progress: Progress | None) -> None:
    cache = folder.parent
    cache.mkdir(parents=True, exist_ok=True)
    with unfinished(cache, directory=True) as temporary:
        _check_space(cache, source)
        entry = temporary / "entry"
        entry.mkdir()
        _write(entry, source, progress)
        flush(entry)
        if folder.exists() and _open(folder, source) is None:
            folder.rename(temporary / "damaged")
        try:
            entry.rename(folder)
        except OSError:
            if not folder.exists():
                raise


def _write(folder: Path, source: Source, progress: Progress | None) -> None:
    """Write one batch at a time, so that memory never holds all pictures."""
    pixels = hashlib.sha256()
    columns: dict[str, list[np.ndarray]] = {"character": [], "emotion": [], "factors": []}
    skipped: list[SkippedFile] = []
    notes: list[str] = []
    sprites: list[tuple[int, int, int]] = []
    done = count = 0
    with (
        (folder / IMAGES).open("wb") as file,
        (folder / SPRITES).open("wb") as pack,
        closing(source.batches()) as batches,
    ):
        _write_header(file, source, source.total)
        for batch in batches:
            data = np.ascontiguousarray(batch.images)
            pixels.update(data)
            file.write(data)
            for sprite in batch.sprites:
                pack.write(sprite.data)
                sprites.append(sprite.facts)
            for name, values in columns.items():
                values.append(getattr(batch, name))
            skipped += batch.skipped
            notes += batch.notes
            count += len(data)
            done += batch.total
            refuse_many_skipped(source, skipped)
            if progress is not None:
                progress(done, source.total)
        file.seek(0)
        _write_header(file, source, count)
    labels = {name: np.concatenate(values) for name, values in columns.items()}
    check_usable(source, labels["character"], labels["emotion"], skipped)
    np.savez(folder / COLUMNS, **labels, sprites=np.array(sprites, np.int64).reshape(-1, 3))
    entry: dict[str, Any] = {
        "format": FORMAT,
        "key": source.key,
        "source": source.name,
        "count": count,
        "pixels": pixels.hexdigest(),
        "sample": _sample_checksum(np.load(folder / IMAGES, mmap_mode="r")),
        "sprites": _sprites_checksum(folder / SPRITES),
        "columns": _sha256((folder / COLUMNS).read_bytes()),
        "skipped": [(item.path, item.reason) for item in skipped],
        "notes": notes,
    }
    (folder / ENTRY).write_text(json.dumps(entry, indent=1), encoding="utf-8")


def _write_header(file: BinaryIO, source: Source, count: int) -> None:
    # NumPy leaves room for the first axis to grow, so the header keeps its length when the count becomes known.
    shape = (count, source.image_size, source.image_size, 3)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _sample_checksum(images: np.ndarray) -> int:
    """Return the CRC-32 of about 64 pictures spread over the file. It finds lost pages without reading all of it."""
    return zlib.crc32(np.ascontiguousarray(images[:: max(1, len(images) // 64)]))


def _sprites_checksum(path: Path) -> int:
    """Return that of the pages of a file; a rest is left out if there are whole pages."""
    data = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
    rows = len(data) // PAGE
    return _sample_checksum(data[: rows * PAGE].reshape(rows, PAGE) if rows else data[None])


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _check_space(cache: Path, source: Source) -> None:
    each = source.image_size**2 * 3 + source.sprite_size**2 * SPRITE_BYTES
    needed, free = source.total * each, shutil.disk_usage(cache).free
    if needed > free:
        raise TrainError(
            f"the picture cache {cache} needs {needed / 1e6:.0f} MB, but {free / 1e6:.0f} MB are free; "
            "free some, or set CHEERMEUP_CACHE to a folder with space"
        )
