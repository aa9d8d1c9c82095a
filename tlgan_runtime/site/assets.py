"""Find what a site is made of besides the bundle: the files of the page, and those of onnxruntime-web."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from tlgan_runtime.errors import InputError, MissingLibraryError

WEB_PARTS = ("page", "src")
"""Folders of `web/` that a site holds: the page, and the JavaScript package that it uses."""
INDEX, SERVICE_WORKER = "index.html", "service-worker.js"
"""Files of the page that are filled in, and lie at the top of a site."""
ONNXRUNTIME_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
"""Files of the npm package onnxruntime-web that draw on the CPU. Its others are for GPUs, and larger."""
_DIST = Path("node_modules") / "onnxruntime-web" / "dist"
_WASM = b"\0asm"


def page_files() -> dict[str, bytes]:
    """Return the files of the page and of the JavaScript package, by their path in `web/`."""
    root = web_folder()
    paths = sorted(path for part in WEB_PARTS for path in (root / part).rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def onnxruntime_files(folder: str | PathLike[str] | None = None) -> dict[str, bytes]:
    """Return the files of onnxruntime-web that a site needs, by name.

    `folder` is the folder `dist` of the npm package, or the package itself. None looks into `node_modules` of the
    working directory. Raises `MissingLibraryError` if they are not there, and `InputError` for a folder without them.
    """
    if folder is None and not _DIST.is_dir():
        raise MissingLibraryError(
            "onnxruntime-web is not in node_modules here; run npm install --no-save onnxruntime-web, or name the "
            "folder of that npm package with --onnxruntime-web"
        )
    given = _DIST if folder is None else Path(folder)
    dist = given / "dist" if (given / "dist").is_dir() else given
    try:
        files = {name: (dist / name).read_bytes() for name in ONNXRUNTIME_FILES}
    except OSError as error:
        raise InputError(
            f"{given} does not hold {Path(error.filename).name} of onnxruntime-web; name the folder dist of the npm "
            "package, of version 1.20 or later"
        ) from error
    if not files[ONNXRUNTIME_FILES[-1]].startswith(_WASM):
        raise InputError(f"{dist / ONNXRUNTIME_FILES[-1]} is not WebAssembly; get onnxruntime-web again")
    return files


def web_folder() -> Path:
    """Return the folder that holds `WEB_PARTS`: that of the installation, or of the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "web"
    return installed if installed.is_dir() else package.parent / "web"
