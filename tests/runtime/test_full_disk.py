"""A disk that is full: one line, exit code 2, the old file, no leftovers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.program import ROOT
from tlgan_runtime import OutputError, run_batch
from tlgan_runtime.batch.journal import JOURNAL, Entry, Journal

resource = pytest.importorskip("resource", reason="limits of POSIX systems")

# No file of the process may grow beyond a limit: as on a full disk, a part is written, and the rest is refused.
LIMITED = (
    "import resource, sys; sys.path.insert(0, {root!r}); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY)); "
    "from tlgan_runtime.cli.commands import main; sys.exit(main())"
)


def limited(limit: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LIMITED.format(root=str(ROOT), limit=limit), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("gif", "a.gif"),
        ("gif", "a.webp"),
        ("gif", "a.png"),
        ("gif", "a.mp4"),
        ("gif", "a.webm"),
        ("sample", "a.png"),
        ("grid", "a.png"),
    ],
)
def test_a_picture_that_finds_no_room_leaves_the_old_one(bundle: Path, tmp_path: Path, command: str, name: str) -> None:
    if name.endswith((".mp4", ".webm")):
        pytest.importorskip("imageio_ffmpeg")
    (tmp_path / name).write_bytes(b"old")
    done = limited(400, command, "--bundle", bundle, "--size", 64, "--provider", "cpu", "-o", tmp_path / name)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    says = "ffmpeg stopped" if name.endswith((".mp4", ".webm")) else "File too large"
    assert done.stderr.count("\n") == 1 and f"cheermeup: cannot write {tmp_path / name}: {says}" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name] and (tmp_path / name).read_bytes() == b"old"


def test_jobs_that_find_no_room_fail_alone(bundle: Path, tmp_path: Path) -> None:
    small, large = ({"output": f"{size}.png", "kind": "sample", "faces": 1, "size": size} for size in (16, 512))
    (tmp_path / "jobs.jsonl").write_text("\n".join(map(json.dumps, [large, small])))
    done = limited(
        1000, "batch", tmp_path / "jobs.jsonl", "--out", tmp_path / "out", "-j", 1, "--bundle", bundle, "--json"
    )
    assert done.returncode == 2 and [json.loads(line)["status"] for line in done.stdout.splitlines()] == [
        "failed",
        "done",
    ]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"16.png", JOURNAL}


def test_entries_wait_until_there_is_room(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.note("a.png", Entry("1" * 64, 10))
    with largest_file((tmp_path / JOURNAL).stat().st_size + 20):
        journal.note("b.png", Entry("2" * 64, 20))
    journal.note("c.png", Entry("3" * 64, 30))
    journal.close()
    expected = {f"{name}.png": Entry(str(n) * 64, 10 * n) for n, name in enumerate("abc", start=1)}
    assert Journal(tmp_path).known == expected


def test_an_entry_after_a_line_that_a_kill_cut_off_is_read(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text('{"output": "a.p')
    journal = Journal(tmp_path)
    journal.note("b.png", Entry("2" * 64, 20))
    journal.close()
    assert Journal(tmp_path).known == {"b.png": Entry("2" * 64, 20)}


def test_pictures_that_could_not_be_noted_are_told_and_drawn_again(bundle: Path, tmp_path: Path) -> None:
    jobs = [
        json.dumps({"output": f"{seed}.png", "kind": "sample", "faces": 1, "size": 16, "seed": seed}) for seed in (1, 2)
    ]
    (tmp_path / JOURNAL).write_text("\n" * 5000)
    outcomes = run_batch(jobs, tmp_path, bundle=bundle, provider="cpu", processes=1)
    told = []
    with pytest.raises(OutputError, match="2 of the pictures"), largest_file(5000):
        told.extend(outcome.status for outcome in outcomes)
    assert told == ["done", "done"]
    again = run_batch(jobs, tmp_path, bundle=bundle, provider="cpu", processes=1)
    assert [outcome.status for outcome in again] == ["done", "done"]
    third = run_batch(jobs, tmp_path, bundle=bundle, provider="cpu", processes=1)
    assert [outcome.status for outcome in third] == ["skipped", "skipped"]
