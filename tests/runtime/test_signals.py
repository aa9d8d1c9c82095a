"""Interrupts and kills: what a program prints, leaves behind and keeps running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.program import ROOT
from tlgan_runtime.signals import INTERRUPTS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals to a process there")

# Starts `cheermeup` as its console script does. `at` is the import at which it sends itself the signal, from 1: that of
# `tlgan_runtime.signals`, which the start of the program imports first.
START = """
import signal, sys
if signal.getsignal({number}) == signal.SIG_IGN and not {ignored}:  # inherited, as from a shell or nohup
    signal.signal({number}, signal.default_int_handler if {number} == signal.SIGINT else signal.SIG_DFL)
sys.path.insert(0, {root!r})
count = 0
def hook(event, arguments):
    global count
    if event == "import":
        count += bool(count) or arguments[0] == "tlgan_runtime.signals"
        if count == {at}:
            signal.raise_signal({number})
sys.addaudithook(hook)
from tlgan_runtime.cli.entry import cheermeup
code = cheermeup()
print(count)
sys.exit(code)
"""
GIF = ["gif", "--faces", "1", "--size", "16", "--steps", "3", "--provider", "cpu"]


def start(at: int, number: int = signal.SIGINT, ignored: bool = False) -> list[str]:
    return [sys.executable, "-c", START.format(root=str(ROOT), at=at, number=int(number), ignored=ignored)]


@pytest.mark.slow
def test_an_interrupt_during_any_import_is_one_line(bundle: Path, tmp_path: Path) -> None:
    command = [*GIF, "--bundle", str(bundle)]
    whole = subprocess.run([*start(-1), *command], cwd=tmp_path, capture_output=True, text=True, check=True)
    imports = int(whole.stdout.splitlines()[-1])
    assert imports > 100
    (tmp_path / "joy.gif").unlink()
    for at in range(1, imports + 1, imports // 20):
        done = subprocess.run([*start(at), *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        told = "interrupted\n" if at == 1 else "cheermeup: interrupted\n"
        assert (done.returncode, done.stdout, done.stderr) == (130, "", told), at
        # The import hook runs between the steps of a write, too; what was renamed by then is whole.
        assert {path.name for path in tmp_path.iterdir()} <= {"joy.gif"}, at


@pytest.mark.parametrize("number", INTERRUPTS)
def test_each_signal_leaves_no_file(bundle: Path, tmp_path: Path, number: int) -> None:
    """ONNX Runtime is imported while the temporary file is there."""
    command = [*GIF, "--bundle", str(bundle)]
    hook = START.replace("count == {at}", 'arguments[0].startswith("onnxruntime.")')
    script = hook.format(root=str(ROOT), number=int(number), ignored=False)
    done = subprocess.run(
        [sys.executable, "-c", script, *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "cheermeup: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", INTERRUPTS)
def test_an_ignored_signal_stays_ignored(bundle: Path, tmp_path: Path, number: int) -> None:
    """As `nohup` and shells that start a program in the background have it."""
    command = [*start(30, number, ignored=True), *GIF, "--bundle", str(bundle)]
    before = signal.signal(number, signal.SIG_IGN)
    try:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    finally:
        signal.signal(number, before)
    assert (done.returncode, done.stderr) == (0, "") and [path.name for path in tmp_path.iterdir()] == ["joy.gif"]


def processes_with(mark: str) -> set[int]:
    """Processes that have `mark` in their environment."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.add(int(folder.name))
        except OSError:  # it has ended, or belongs to somebody else
            continue
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_no_worker_of_a_batch_outlives_it(bundle: Path, tmp_path: Path, number: int) -> None:
    jobs = [{"output": f"{seed}.webp", "seed": seed, "steps": 400, "faces": 4, "size": 128} for seed in range(6)]
    small = {"output": "first.png", "kind": "sample", "faces": 1, "size": 16}
    (tmp_path / "jobs.jsonl").write_text("\n".join(json.dumps(job) for job in [small, *jobs]))
    out, mark = tmp_path / "out", f"CHEERMEUP_TEST_MARK={os.getpid()}-{number}"
    options = ["batch", str(tmp_path / "jobs.jsonl"), "--out", str(out), "-j", "2", "--bundle", str(bundle)]
    environment = {**os.environ, mark.partition("=")[0]: mark.partition("=")[2]}
    process = subprocess.Popen(
        [*start(-1, number), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline().strip() == str(out / "first.png")
    assert len(processes_with(mark)) >= 3
    # A terminal sends SIGHUP to all processes of a program.
    send = os.killpg if number == signal.SIGHUP else os.kill
    send(process.pid, number)
    if number != signal.SIGKILL:
        assert process.stderr is not None and "interrupt again" in process.stderr.readline()
        send(process.pid, number)
    _, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    assert process.returncode == (-9 if number == signal.SIGKILL else 130)
    limit = time.monotonic() + 120  # a worker that hears of it ends at once; this is for a busy machine
    while processes_with(mark):
        assert time.monotonic() < limit, "workers go on without their parent"
        time.sleep(0.05)
    from tlgan_runtime.files import sweep

    sweep(out)
    assert {path.name for path in out.iterdir()} == {"first.png", ".cheermeup.jsonl"}
