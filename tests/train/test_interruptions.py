"""A run that is interrupted: by Ctrl-C, by SIGTERM, with its launcher, or because another process has ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import call
from safetensors.torch import load_file

from tests.program import PATIENCE
from tlgan_train.cli.commands import main
from tlgan_train.gan.log import TrainingLog
from tlgan_train.gan.weights import images_seen
from tlgan_train.stages import STAGES


def wait_for_checkpoint(run: Path, *processes: subprocess.Popen) -> None:
    """Wait until the first checkpoint, when all processes train. None of them may end before."""
    while not (run / STAGES["gan"].product).exists():
        assert all(process.poll() is None for process in processes)
        time.sleep(0.05)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_exits_130_and_the_same_command_goes_on(
    run: Path, small_options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = TrainingLog.step

    def pressed(log: TrainingLog, number: int, losses: dict) -> None:
        step(log, number, losses)
        if number == 2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingLog, "step", pressed)
        outcome = call(main, "gan", "--run", tmp_path / "run", *small_options)
    assert outcome.code == 130 and outcome.out == "" and "Traceback" not in outcome.err
    assert "stopped after 32 pictures" in outcome.err and outcome.err.splitlines()[-1].startswith(
        "tlgan-train: interrupted"
    )
    assert images_seen(tmp_path / "run") == 32

    outcome = call(main, "gan", "--run", tmp_path / "run")
    assert outcome.code == 0 and outcome.stages("started") == ["gan"]
    ours, theirs = (load_file(folder / STAGES["gan"].product) for folder in (tmp_path / "run", run))
    assert all((ours[name] == value).all() for name, value in theirs.items())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM to a process there")
def test_sigterm_stops_as_ctrl_c_does(small_options: list[str], tmp_path: Path) -> None:
    code = "import sys; from tlgan_train.cli.commands import main; sys.exit(main())"
    options = ["gan", "--run", str(tmp_path / "run"), *small_options, "--set=gan.images=1000000"]
    process = subprocess.Popen([sys.executable, "-c", code, *options], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while "training pictures" not in process.stderr.readline():
        assert process.poll() is None
    wait_for_checkpoint(tmp_path / "run", process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and "Traceback" not in err
    assert "stopped after" in err and err.splitlines()[-1].startswith("tlgan-train: interrupted")
    assert images_seen(tmp_path / "run") > 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")
def test_processes_end_with_a_checkpoint_when_torchrun_is_killed(small_options: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    options = ["gan", "--run", str(tmp_path / "run"), *small_options, "--set=gan.images=10000000"]
    mark = f"CHEERMEUP_TEST_MARK={os.getpid()}"
    environment = {**os.environ, "CHEERMEUP_TEST_MARK": str(os.getpid())}
    with subprocess.Popen(
        [*command, "-m", "tlgan_train.cli", "--", *options], stderr=subprocess.PIPE, text=True, env=environment
    ) as launcher:
        assert launcher.stderr is not None
        while "training pictures" not in launcher.stderr.readline():
            assert launcher.poll() is None
        wait_for_checkpoint(tmp_path / "run", launcher)
        launcher.kill()
        _, said = launcher.communicate(timeout=300)  # until every process has ended that writes there
    assert "stopped after" in said and images_seen(tmp_path / "run") > 0
    running = [path for path in Path("/proc").glob("[0-9]*/environ") if mark.encode() in content(path)]
    assert running == []


@pytest.mark.slow
def test_a_process_whose_peer_is_killed_says_so_in_one_line(small_options: list[str], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    options = ["gan", "--run", str(tmp_path / "run"), *small_options, "--set=gan.images=10000000"]
    first, second = (
        subprocess.Popen(
            [sys.executable, "-m", "tlgan_train.cli", *options],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **address, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    )
    wait_for_checkpoint(tmp_path / "run", first, second)
    second.kill()
    second.communicate(timeout=PATIENCE)
    _, said = first.communicate(timeout=PATIENCE)
    assert first.returncode == 2 and "Traceback" not in said
    assert said.splitlines()[-1].startswith("tlgan-train: a process that trains along has ended")


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a process that has ended, or of somebody else
        return b""
