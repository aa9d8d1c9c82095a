"""What is read once is not read again, unless something changed or the entry is damaged."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import pytest
from pictures import load, picture, write_layout, write_table

from tests.program import PATIENCE
from tlgan_train.data import Dataset, load_dataset
from tlgan_train.data.cache import default_cache
from tlgan_train.errors import TrainError
from tlgan_train.sections import DataConfig


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_layout(tmp_path / "own", ["bob", "eve"], ["joy", "sad"], 5)


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every picture that is read from now on."""
    from tlgan_train.data.sources import listing

    reads: list[Path] = []
    read = listing.read_picture

    def counted(path: Path, *how: object) -> tuple[np.ndarray, np.ndarray | None]:
        reads.append(path)
        return read(path, *how)

    monkeypatch.setattr(listing, "read_picture", counted)
    return reads


def assert_equal(one: Dataset, other: Dataset) -> None:
    assert one.digest == other.digest
    for name in ("images", "emotion", "character", "split"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_the_second_start_reads_no_picture(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = count_reads(monkeypatch)
    calls: list[tuple[int, int]] = []
    config = DataConfig(spec=f"folder:{root}", image_size=32)

    first = load_dataset(config, cache=tmp_path / "cache", progress=lambda done, total: calls.append((done, total)))
    assert len(reads) == 20
    assert calls[-1] == (20, 20)

    reads.clear()
    calls.clear()
    second = load_dataset(config, cache=tmp_path / "cache", progress=lambda done, total: calls.append((done, total)))
    assert reads == [] and calls == []
    assert_equal(first, second)


def test_pictures_are_mapped_and_cannot_be_written(root: Path, tmp_path: Path) -> None:
    dataset = load(f"folder:{root}", tmp_path / "cache")
    assert isinstance(dataset.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        dataset.images[0] = 0


def _touch(root: Path) -> None:
    os.utime(root / "bob/bob_joy/bob_joy_1.png", ns=(1, 1))


def _other_content(root: Path) -> None:
    picture(99).save(root / "bob/bob_joy/bob_joy_1.png", compress_level=0)


def _one_more(root: Path) -> None:
    picture(6).save(root / "bob/bob_joy/bob_joy_6.png")


def _one_less(root: Path) -> None:
    (root / "bob/bob_joy/bob_joy_1.png").unlink()


def _renamed(root: Path) -> None:
    (root / "bob/bob_joy/bob_joy_1.png").rename(root / "bob/bob_joy/bob_joy_9.png")


@pytest.mark.parametrize("change", [_touch, _other_content, _one_more, _one_less, _renamed])
def test_any_changed_file_is_noticed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    load(f"folder:{root}", tmp_path / "cache")
    change(root)
    reads = count_reads(monkeypatch)
    dataset = load(f"folder:{root}", tmp_path / "cache")
    assert len(reads) == len(dataset.images) > 0


def test_another_size_and_other_labels_are_other_entries(root: Path, tmp_path: Path) -> None:
    files = sorted(str(path) for path in root.rglob("*.png"))
    one = write_table(tmp_path / "one.csv", [f"{file},bob,joy" for file in files])
    other = write_table(tmp_path / "other.csv", [f"{file},bob,sad" for file in files])
    specs = [(f"csv:{one}", 32), (f"csv:{other}", 32), (f"csv:{one}", 64)]
    loaded = [load(spec, tmp_path / "cache", image_size=size) for spec, size in specs]
    assert len({dataset.cache for dataset in loaded}) == 3
    assert len({dataset.digest for dataset in loaded}) == 3


def test_equal_pictures_elsewhere_have_an_equal_digest(root: Path, tmp_path: Path) -> None:
    copy = write_layout(tmp_path / "copy", ["bob", "eve"], ["joy", "sad"], 5)
    one, other = load(f"folder:{root}", tmp_path / "cache"), load(f"folder:{copy}", tmp_path / "cache")
    assert_equal(one, other)
    assert one.cache != other.cache


def _cut(entry: Path) -> None:
    os.truncate(entry / "images.npy", 5000)


def _zeroed(entry: Path) -> None:
    content = bytearray((entry / "images.npy").read_bytes())
    content[128 + 4 * 3072 : 128 + 8 * 3072] = bytes(4 * 3072)
    (entry / "images.npy").write_bytes(content)


def _no_images(entry: Path) -> None:
    (entry / "images.npy").unlink()


def _bad_columns(entry: Path) -> None:
    (entry / "columns.npz").write_bytes(b"nothing")


def _bad_entry(entry: Path) -> None:
    (entry / "entry.json").write_text('{"format": 1')


def _no_list(entry: Path) -> None:
    (entry / "entry.json").write_text(json.dumps([1, 2]))


def _older_format(entry: Path) -> None:
    values = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").write_text(json.dumps(values | {"format": 0}))


def _empty_folder(entry: Path) -> None:
    for path in entry.iterdir():
        path.unlink()


DAMAGES = [_cut, _zeroed, _no_images, _bad_columns, _bad_entry, _no_list, _older_format, _empty_folder]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_built_anew(root: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    first = load(f"folder:{root}", tmp_path / "cache")
    digest, entry = first.digest, first.cache
    assert entry is not None
    del first
    damage(entry)

    again = load(f"folder:{root}", tmp_path / "cache")

    assert again.digest == digest
    assert [int(value) for value in again.images[:5, 0, 0, 0]] == [1, 2, 3, 4, 5]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [entry.name]


def _load_digest(root: Path, cache: Path, start: Barrier, digests: Queue[str]) -> None:
    start.wait()
    digests.put(load(f"folder:{root}", cache).digest)


def test_builders_at_the_same_time_agree(root: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, digests = context.Barrier(2), context.Queue()
    arguments = (root, tmp_path / "cache", start, digests)
    builders = [context.Process(target=_load_digest, args=arguments) for _ in range(2)]
    for builder in builders:
        builder.start()
    found = {digests.get(timeout=PATIENCE) for _ in builders}
    for builder in builders:
        builder.join(PATIENCE)
    assert found == {load(f"folder:{root}", tmp_path / "cache").digest}
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_many_pictures_are_read_by_several_processes_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tlgan_train.data.sources import workers

    root = write_layout(tmp_path / "own", ["bob"], ["joy", "sad"], 200)
    alone = load(f"folder:{root}", tmp_path / "alone")
    reads = count_reads(monkeypatch)
    monkeypatch.setattr(workers, "FEW_PICTURES", 100)
    monkeypatch.setattr(workers, "processors", lambda: 2)

    together = load(f"folder:{root}", tmp_path / "together")

    assert reads == []  # by this process
    assert_equal(alone, together)


def test_what_a_killed_builder_left_is_removed(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    code = (
        "import os, pathlib, sys; from tlgan_runtime.files import unfinished\n"
        "with unfinished(pathlib.Path(sys.argv[1]), directory=True) as entry:\n"
        "    (entry / 'images.npy').write_bytes(b'half'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(cache)], check=False)
    assert len(list(cache.iterdir())) == 1
    dataset = load(f"folder:{root}", cache)
    assert list(cache.iterdir()) == [dataset.cache]


def test_a_cache_that_cannot_be_written(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TrainError, match=r"cannot write the picture cache .*; set CHEERMEUP_CACHE"):
        load(f"folder:{root}", tmp_path / "file")


def test_where_the_cache_is(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHEERMEUP_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache() == tmp_path / "xdg/cheermeup"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache() == tmp_path / ".cache/cheermeup"
    monkeypatch.setenv("CHEERMEUP_CACHE", str(tmp_path / "mine"))
    dataset = load_dataset(DataConfig(spec=f"folder:{root}", image_size=32))
    assert dataset.cache is not None and dataset.cache.parent == tmp_path / "mine"
