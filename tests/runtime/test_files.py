"""Files that are whole or not there: what a write leaves alone, and what is removed after a kill."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.program import program
from tlgan_runtime import OutputError, files
from tlgan_runtime.animation.layout import save_still
from tlgan_runtime.files import creating, replacing, sweep, unfinished

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
PICTURE = np.zeros((16, 16, 3), np.uint8)
PNG = b"\x89PNG"
LEAVE = """
import os, sys
from pathlib import Path
from tlgan_runtime.files import unfinished
with unfinished(Path(sys.argv[1]), ".gif", directory=sys.argv[2] == "directory") as path:
    if path.is_dir():
        (path / "part").write_text("half")
    if sys.argv[3] == "dies":
        os._exit(9)
    print("writing", flush=True)
    sys.stdin.read()
"""


def writer(folder: Path, kind: str, end: str) -> subprocess.Popen[str]:
    """A process that dies while it writes in `folder`, or writes until its input is closed."""
    command = [sys.executable, "-c", LEAVE, str(folder), kind, end]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@posix
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_what_a_dead_process_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path: Path, kind: str) -> None:
    assert writer(tmp_path, kind, "dies").wait(60) == 9
    (left,) = tmp_path.iterdir()
    with writer(tmp_path, kind, "lives") as living:
        assert living.stdout is not None and living.stdin is not None
        living.stdout.readline()
        (tmp_path / ".cheermeup.jsonl").write_text("a journal")
        (tmp_path / ".cheermeup-mine.gif").write_text("of a user")
        names = {path.name for path in tmp_path.iterdir()}
        sweep(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == names - {left.name}
        living.stdin.close()
    assert {path.name for path in tmp_path.iterdir()} == {".cheermeup.jsonl", ".cheermeup-mine.gif"}


@posix
def test_the_next_write_in_a_folder_removes_leftovers(tmp_path: Path) -> None:
    writer(tmp_path, "file", "dies").wait(60)
    save_still(tmp_path / "a.png", PICTURE)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@posix
def test_leftovers_of_other_machines_are_removed_after_a_day(tmp_path: Path) -> None:
    old, new = (tmp_path / f".cheermeup-00000000-{number:016x}.part.gif" for number in range(2))
    if old.name.startswith(f".cheermeup-{files._MACHINE}"):
        pytest.skip("this is that machine")
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    sweep(tmp_path)
    assert not old.exists() and new.exists()


@posix
def test_a_file_that_is_being_written_is_never_taken_for_a_leftover(tmp_path: Path) -> None:
    """Two threads write, a third removes leftovers all the time."""
    done = threading.Event()

    def clean() -> None:
        while not done.is_set():
            sweep(tmp_path)

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    try:
        for number in range(200):
            with replacing(tmp_path / "a.txt") as temporary:
                temporary.write_text(str(number))
            assert (tmp_path / "a.txt").read_text() == str(number)
    finally:
        done.set()
        cleaner.join()


@posix
def test_permissions_of_an_old_file_stay_and_a_new_one_follows_the_umask(tmp_path: Path) -> None:
    (tmp_path / "old.png").write_bytes(b"")
    (tmp_path / "old.png").chmod(0o640)
    before = os.umask(0o027)
    try:
        save_still(tmp_path / "old.png", PICTURE)
        save_still(tmp_path / "new.png", PICTURE)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("old.png", "new.png")]
    assert modes == [0o640, 0o640]
    os.umask(os.umask(before))
    (tmp_path / "old.png").chmod(0o604)
    save_still(tmp_path / "old.png", PICTURE)
    assert stat.S_IMODE((tmp_path / "old.png").stat().st_mode) == 0o604


@posix
def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "target").write_bytes(b"old")
    (tmp_path / "link.png").symlink_to("far/target")
    (tmp_path / "dangling.png").symlink_to("far/new")
    for name, target in (("link.png", "target"), ("dangling.png", "new")):
        save_still(tmp_path / name, PICTURE)
        assert (tmp_path / name).is_symlink() and (tmp_path / "far" / target).read_bytes().startswith(PNG)
    (tmp_path / "round.png").symlink_to("round.png")
    with pytest.raises(OutputError, match=r"cannot write .*round\.png"):
        save_still(tmp_path / "round.png", PICTURE)


@posix
@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".mp4", ".webm"])
def test_a_pipe_gets_the_whole_file_and_stays(bundle: Path, tmp_path: Path, suffix: str) -> None:
    if suffix in (".mp4", ".webm"):
        pytest.importorskip("imageio_ffmpeg")
    pipe, plain = tmp_path / f"pipe{suffix}", tmp_path / f"plain{suffix}"
    os.mkfifo(pipe)
    options = ("--faces", "1", "--size", "16", "--steps", "3", "--bundle", str(bundle), "--provider", "cpu", "-o")
    subprocess.run(program("gif", *options, str(plain)), check=True)
    with subprocess.Popen(program("gif", *options, str(pipe))) as process, pipe.open("rb") as stream:
        content = stream.read()
    assert process.returncode == 0 and content == plain.read_bytes()
    assert stat.S_ISFIFO(pipe.stat().st_mode) and {path.name for path in tmp_path.iterdir()} == {pipe.name, plain.name}


@posix
@pytest.mark.parametrize("to_file", [True, False])
def test_standard_output_gets_the_picture_and_nothing_else(bundle: Path, tmp_path: Path, to_file: bool) -> None:
    if not Path("/dev/stdout").exists():
        pytest.skip("no /dev/stdout here")
    (tmp_path / "out.png").symlink_to("/dev/stdout")
    command = program(
        "sample", "--faces", "1", "--size", "16", "--bundle", str(bundle), "-o", str(tmp_path / "out.png")
    )
    if to_file:
        with (tmp_path / "file").open("wb") as file:
            subprocess.run(command, stdout=file, check=True)
        content = (tmp_path / "file").read_bytes()
    else:
        content = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    assert content.startswith(PNG) and content.endswith(b"IEND\xaeB`\x82")
    assert (tmp_path / "out.png").is_symlink()


@posix
def test_devices_are_written_into(tmp_path: Path) -> None:
    for device in ("/dev/null", "/dev/full"):
        if not Path(device).exists():
            pytest.skip(f"no {device} here")
    (tmp_path / "null.png").symlink_to("/dev/null")
    (tmp_path / "full.png").symlink_to("/dev/full")
    save_still(tmp_path / "null.png", PICTURE)
    with pytest.raises(OutputError, match=r"full\.png: No space left on device; free some space"):
        save_still(tmp_path / "full.png", PICTURE)
    assert not stat.S_ISREG(Path("/dev/null").stat().st_mode) and not stat.S_ISREG(Path("/dev/full").stat().st_mode)


@posix
@pytest.mark.parametrize("read_only", ["file", "folder"])
def test_what_is_read_only_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_only: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("a.png")
    path.write_bytes(b"old")
    tmp_path.chmod(0o777)
    path.chmod(0o666)
    (path if read_only == "file" else tmp_path).chmod(0o555)
    me = os.geteuid()
    if me == 0:  # root may write anything
        os.seteuid(65534)
    try:
        with pytest.raises(OutputError, match=r"cannot write a\.png: Permission denied"):
            save_still(path, PICTURE)
    finally:
        os.seteuid(me)
        tmp_path.chmod(0o755)
    assert path.read_bytes() == b"old" and [one.name for one in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_that_was_renamed_stays_and_another_one_goes(tmp_path: Path) -> None:
    with unfinished(tmp_path, directory=True) as folder:
        (folder / "a").write_text("a")
        folder.rename(tmp_path / "done")
    with pytest.raises(ZeroDivisionError), unfinished(tmp_path, directory=True) as folder:
        (folder / "a").write_text("a")
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["done"] and (tmp_path / "done" / "a").read_text() == "a"


@pytest.mark.parametrize("fails", [True, False])
def test_an_empty_folder_stays_and_is_filled_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    monkeypatch.chdir(tmp_path)  # which cannot be removed, as a mounted folder cannot
    subprocess.run([sys.executable, "-c", LEAVE, str(tmp_path), "directory", "dies"], check=False)
    inode, raised = tmp_path.stat().st_ino, None
    try:
        with creating(Path()) as folder:
            (folder / "b").mkdir()
            (folder / "b" / "a").write_text("a")
            assert not (tmp_path / "b").exists()
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError as error:
        raised = error
    assert [path.name for path in tmp_path.iterdir()] == ([] if fails else ["b"]) and fails == (raised is not None)
    assert tmp_path.stat().st_ino == inode
