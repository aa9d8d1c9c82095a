"""Find bundles, by path or by the name of an embedded bundle."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from tlgan_runtime.bundle.manifest import MANIFEST
from tlgan_runtime.errors import BundleNotFoundError, InputError
from tlgan_runtime.messages import shown

DEFAULT_BUNDLE = "solo"


def find_bundle(spec: str | PathLike[str] | None = None) -> Path:
    """Return the path of a bundle. `spec` is a path or the name of an embedded bundle. None is the default bundle.

    Raises `BundleNotFoundError` if there is no such bundle, and `InputError` if `spec` cannot be a path.
    """
    embedded = embedded_bundles()
    known = f"embedded bundles: {', '.join(embedded) or 'none'}"
    if spec is None:
        if DEFAULT_BUNDLE in embedded:
            return embedded[DEFAULT_BUNDLE]
        raise BundleNotFoundError(f"no bundle {DEFAULT_BUNDLE!r} in {_exported()} ({known}); name one with --bundle")
    try:
        path = Path(spec)
        if path.is_file() or (path / MANIFEST).is_file():
            return path
        exists = path.exists()
    except TypeError as error:
        raise InputError(f"a bundle is given by a path or an embedded name, not {shown(spec)}") from error
    except OSError as error:
        raise BundleNotFoundError(f"cannot look at {str(spec)[:200]}: {error.strerror}") from error
    if str(spec) in embedded:
        return embedded[str(spec)]
    if exists:
        raise BundleNotFoundError(f"{path} is not a bundle: there is no {MANIFEST} in it")
    raise BundleNotFoundError(f"no bundle at {path}; give a folder, a .zip or one of the {known}")


def embedded_bundles() -> dict[str, Path]:
    """Return the folders, by name, of the bundles that come with the installation (or are in the checkout)."""
    return {path.parent.name: path.parent for path in sorted(_exported().glob(f"*/{MANIFEST}"))}


def _exported() -> Path:
    package = Path(__file__).resolve().parents[1]
    installed = package / "exported"
    return installed if installed.is_dir() else package.parent / "exported"
