"""Folders and .zips that are not what they say: nothing is waited for, followed, or taken into memory on trust."""

from __future__ import annotations

import json
import os
import struct
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tlgan_runtime import BundleDamagedError, BundleError, BundleNotFoundError
from tlgan_runtime.bundle.manifest import MAX_BYTES, MAX_OTHER_BYTES
from tlgan_runtime.bundle.read import Bundle

MIB = 2**20


def zipped(folder: Path, target: Path, **options: int) -> Path:
    with zipfile.ZipFile(target, "w", options.get("compression", zipfile.ZIP_DEFLATED)) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return target


def resized(folder: Path, name: str, size: int) -> None:
    """Has the manifest say that a file has so many bytes."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name]["bytes"] = size
    (folder / "manifest.json").write_text(json.dumps(manifest))


def peak(act: Callable[[], object]) -> int:
    """Bytes of memory that Python takes at most."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["generator.onnx", "axes.json", "MODEL_CARD.md"])
def test_a_file_of_zeros_is_not_unpacked(broken: Path, tmp_path: Path, name: str) -> None:
    """However large the manifest and the archive say that it is."""
    size = 3 * 2**30
    resized(broken, name, size)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(broken / "manifest.json", "manifest.json")

    def refused() -> None:
        with pytest.raises(BundleDamagedError, match=rf"{name} has {size} bytes; .* at most"):
            Bundle(tmp_path / "bomb.zip")

    assert peak(refused) < 4 * MIB


@pytest.mark.parametrize("content", [64 * MIB, 64 * MIB - 1])
def test_no_more_is_unpacked_than_is_listed(broken: Path, tmp_path: Path, content: int) -> None:
    """The size in the list of an archive may be any; what is packed there may be more."""
    listed = 1000
    path = tmp_path / "liar.zip"
    resized(broken, "MODEL_CARD.md", listed)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in broken.iterdir():
            archive.writestr(file.name, bytes(content) if file.name == "MODEL_CARD.md" else file.read_bytes())
    with path.open("r+b") as stream:
        whole = stream.read()
        entry = whole.rindex(b"MODEL_CARD.md") - 46  # its entry in the list of contents
        stream.seek(entry + 24)
        stream.write(struct.pack("<I", listed))
    opened = Bundle(path)

    def refused() -> None:
        with pytest.raises(BundleDamagedError):
            opened.read("card")

    assert peak(refused) < 4 * MIB


def test_a_role_that_nobody_knows_has_a_limit(broken: Path) -> None:
    manifest = json.loads((broken / "manifest.json").read_text())
    for role, most in (("later", MAX_OTHER_BYTES), ("generator_int8", MAX_BYTES["generator_int8"])):
        manifest["files"]["other.bin"] = {"sha256": "0" * 64, "bytes": most + 1, "role": role}
        (broken / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(BundleDamagedError, match=f"a {role} file has at most {most}"):
            Bundle(broken)


def add(name: str) -> Callable[[zipfile.ZipFile], None]:
    def change(archive: zipfile.ZipFile) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile warns of a name that is there twice
            archive.writestr(zipfile.ZipInfo(name), b"x")

    return change


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../outside", "must lie inside"),
        ("a/../../outside", "must lie inside"),
        ("/etc/passwd", "must lie inside"),
        ("C:\\x", "must lie inside"),
        ("a\\b", "must lie inside"),
        ("C:x", "must lie inside"),
        ("generator.onnx", "twice"),
        ("\x1b[2Jgone", None),
    ],
)
def test_entries_with_names_from_elsewhere(bundle: Path, tmp_path: Path, name: str, says: str | None) -> None:
    path = zipped(bundle, tmp_path / "tiny.zip")
    with zipfile.ZipFile(path, "a") as archive:
        add(name)(archive)
    if says is None:
        Bundle(path).verify()  # what the manifest does not list is nobody's business
        return
    with pytest.raises(BundleDamagedError, match=says):
        Bundle(path)


def test_archives_of_uncommon_kinds(bundle: Path, tmp_path: Path) -> None:
    assert Bundle(zipped(bundle, tmp_path / "stored.zip", compression=zipfile.ZIP_STORED)).verify()
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(BundleDamagedError, match="uncommon way"):
            Bundle(zipped(bundle, tmp_path / "other.zip", compression=compression))
    path = zipped(bundle, tmp_path / "locked.zip")
    content = bytearray(path.read_bytes())
    flags = content.rindex(b"manifest.json") - 46 + 8
    content[flags] |= 1
    path.write_bytes(content)
    with pytest.raises(BundleDamagedError, match="encrypted"):
        Bundle(path)


def test_a_list_of_contents_is_not_read_at_any_length(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(1200):
            archive.writestr(f"{index}", b"")
    with pytest.raises(BundleDamagedError, match="1200 files"):
        Bundle(path)
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(200):
            archive.writestr(f"{index:06}" * 2000, b"")

    def refused() -> None:
        with pytest.raises(BundleDamagedError, match="list of contents"):
            Bundle(path)

    assert peak(refused) < 8 * MIB


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"PK\x05\x06" + b"\xff" * 18, b"x" * 70_000]
)
def test_files_that_are_no_archives(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.zip"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"some\.zip"):
        Bundle(path)


def test_bytes_before_the_archive_do_not_matter(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "prefixed.zip"
    path.write_bytes(b"#!/bin/sh\n" + zipped(bundle, tmp_path / "tiny.zip").read_bytes())
    assert Bundle(path).verify()


links = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")


@links
@pytest.mark.parametrize("name", ["generator.onnx", "manifest.json"])
def test_links_out_of_the_folder_are_not_followed(broken: Path, tmp_path: Path, name: str) -> None:
    (broken / name).rename(tmp_path / "elsewhere")
    (broken / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleDamagedError, match=rf"{name} .* link that leads out"):
        Bundle(broken).verify()


@links
def test_links_within_the_folder_and_to_it_are_fine(broken: Path, tmp_path: Path) -> None:
    (broken / "generator.onnx").rename(broken / "weights")
    (broken / "generator.onnx").symlink_to("weights")
    (tmp_path / "link").symlink_to(broken)
    assert Bundle(tmp_path / "link").verify()


@links
@pytest.mark.parametrize("name", ["generator.onnx", "manifest.json"])
def test_a_fifo_is_not_waited_for(broken: Path, name: str) -> None:
    (broken / name).unlink()
    os.mkfifo(broken / name)
    with pytest.raises(BundleNotFoundError, match=name):
        Bundle(broken)


@links
def test_a_file_that_becomes_a_fifo_is_not_waited_for(broken: Path) -> None:
    opened = Bundle(broken)
    (broken / "MODEL_CARD.md").unlink()
    os.mkfifo(broken / "MODEL_CARD.md")
    with pytest.raises(BundleDamagedError, match="not a regular file"):
        opened.read("card")


def test_a_file_that_grows_is_not_read_any_further(broken: Path) -> None:
    opened = Bundle(broken)
    with (broken / "MODEL_CARD.md").open("ab") as stream:
        stream.truncate(200 * MIB)

    def refused() -> None:
        with pytest.raises(BundleDamagedError, match="does not have its listed size"):
            opened.read("card")

    assert peak(refused) < MIB
