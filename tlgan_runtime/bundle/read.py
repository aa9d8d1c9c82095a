"""Open a bundle, the folder or .zip that training hands to the runtime, and check each file when it is read."""

from __future__ import annotations

import hashlib
from os import PathLike
from pathlib import Path

from tlgan_runtime.bundle.archive import open_archive
from tlgan_runtime.bundle.axes_json import FinderOf, parse_axes, without_ends
from tlgan_runtime.bundle.manifest import GRAPH_ROLES, MANIFEST, MAX_MANIFEST_BYTES, FileEntry, Manifest, parse_json
from tlgan_runtime.bundle.onnx_wire import check_model
from tlgan_runtime.errors import BundleDamagedError, BundleNotFoundError
from tlgan_runtime.latent.axes import Axes


class Bundle:
    """An opened bundle with its manifest.

    Opening it checks that every listed file exists with the right size. Reading a file checks its SHA-256 and returns
    the same bytes that were hashed, so nothing can change in between. Both raise a `BundleError` for a bad bundle.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path).resolve()
        self._archive = open_archive(self.path, MANIFEST)
        sizes = self._archive.sizes
        if sizes[MANIFEST] > MAX_MANIFEST_BYTES:
            raise BundleDamagedError(f"{MANIFEST} in {self.path} is over {MAX_MANIFEST_BYTES} bytes: not a manifest")
        self.manifest = Manifest.from_dict(parse_json(self.read_manifest(), MANIFEST))
        for name, entry in self.manifest.files.items():
            size = sizes.get(name)
            if size is None:
                raise BundleNotFoundError(f"{name} is missing from the bundle {self.path}; get a complete copy")
            if size != entry.bytes:
                raise BundleDamagedError(
                    f"{name} in the bundle {self.path} has {size} bytes, not {entry.bytes}; get a fresh copy"
                )

    def read_manifest(self) -> bytes:
        """Return the bytes of the manifest, with keys that this version does not know."""
        return self._archive.read(MANIFEST)

    def read(self, role: str) -> bytes:
        """Return the verified content of the file of a role. Raises a `BundleError` if it is missing or damaged."""
        for name, entry in self.manifest.files.items():
            if entry.role == role:
                return self._read_verified(name, entry)
        raise BundleNotFoundError(f"the bundle {self.path} has no {role}; roles in it: {', '.join(self.roles)}")

    def verify(self) -> dict[str, FileEntry]:
        """Read and check every file, whatever its role. Returns the checked entries by name."""
        for name, entry in self.manifest.files.items():
            self._read_verified(name, entry)
        self.axes()  # parsing is the check
        return dict(self.manifest.files)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of all files."""
        return self.manifest.roles

    def axes(self, finder_of: FinderOf = without_ends) -> Axes:
        """Return the axes, checked against the manifest, without the methods whose ends `finder_of` cannot find."""
        document = parse_json(self.read("axes"), "axes.json")
        manifest = self.manifest
        return parse_axes(document, manifest.emotions, manifest.latent_dim, manifest.drawn_characters, finder_of)

    def _read_verified(self, name: str, entry: FileEntry) -> bytes:
        content = self._archive.read(name)
        if len(content) != entry.bytes or hashlib.sha256(content).hexdigest() != entry.sha256:
            raise BundleDamagedError(f"{name} in the bundle {self.path} is damaged (SHA-256 differs); get a fresh copy")
        if entry.role in GRAPH_ROLES or name.endswith(".onnx"):
            check_model(content, name)
        return content
