"""A server as a process of its own, whose drawings wait until a file is there."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.program import PATIENCE, ROOT

PROGRAM = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tlgan_runtime import CheerMeUp
from tlgan_runtime.server import actions, connection, run
from tlgan_runtime.server.app import Service
from tlgan_runtime.server.limits import Limits

settings = json.loads(sys.argv[2])
gate, render = Path(settings["gate"]), actions.Actions.render
run.DRAIN_SECONDS, connection.HEADER_SECONDS = settings["drain"], settings["headers"]
connection.TAKE_SECONDS = settings["take"]

def wait(self, ask):
    while not gate.exists():
        if settings["patient"]:
            ask.check()
        time.sleep(0.01)
    content, media_type = render(self, ask)
    return actions.Answer(content + bytes(settings["padding"]), media_type)

actions.Actions.render = wait
editor = CheerMeUp(settings["bundle"], provider="cpu", threads=1)
listening = run.listen("127.0.0.1", 0)
service = Service(editor, threads=1, limits=Limits(**settings["limits"]))
sys.exit(run.run(service, listening, lambda: print(listening.getsockname()[1], flush=True)))
"""


class Served(NamedTuple):
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int
    gate: Path
    """Drawings wait until this file is there."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ended(self) -> tuple[int, str]:
        """The exit code and what is on standard error, once the process has ended."""
        _, error = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, error


@contextmanager
def served(
    bundle: Path,
    folder: Path,
    *,
    drain: float = PATIENCE,
    headers: float = PATIENCE,
    take: float = PATIENCE,
    patient: bool = True,
    padding: int = 0,
    **limits: Any,
) -> Iterator[Served]:
    """A server with `limits`, which are seconds or counts; other times are for the parts of a connection.

    With `patient` False, its drawings never look whether somebody still waits. `padding` bytes follow each picture.
    """
    gate = folder / "gate"
    settings = {
        "bundle": str(bundle), "gate": str(gate), "drain": drain, "headers": headers, "take": take,
        "patient": patient, "padding": padding,
    }  # fmt: skip
    usual = {"body_seconds": PATIENCE, "seconds": PATIENCE}
    command = [sys.executable, "-c", PROGRAM, str(ROOT), json.dumps({**settings, "limits": {**usual, **limits}})]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield Served(process, int(line), gate)
    finally:
        process.kill()
        process.communicate()


def eventually(true: Any) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
