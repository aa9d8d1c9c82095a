"""Commands that are killed at random moments: is each output the old one or the new one, and does anything stay behind?

    python benchmarks/reliability/killed.py [KILLS]   # 200 unless said otherwise; results/reliability/killed.json

In each round a command is killed several times at random moments of its own duration, by SIGKILL, SIGTERM, SIGINT or
SIGHUP (the last two go to the whole process group, as a terminal sends them). Then it runs to its end. After each kill
the output must be whole, and no process may be left; after each round there may be no temporary file.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "train"), str(Path(__file__).parent)]

from outcomes import record  # noqa: E402

WHAT = "commands killed at random moments: the output is the old one or the new one, nothing else is left"
KILLS = 5
"""In each round."""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PATIENCE = 300
"""Seconds after which a command counts as hanging; none takes a tenth of that."""
MARK = "CHEERMEUP_KILLED"
LEFTOVER = re.compile(r"\.cheermeup-.*\.part|cheermeup-before-")
OURS = re.compile(r'File ".*tlgan_(runtime|train)/(?!__init__|entry)')
SMALL = ["--size", "32", "--provider", "cpu", "--threads", "1"]


@dataclass(frozen=True)
class Command:
    """What is killed. `line` gives the command of a round, `state` the state of its output, which raises if that is not
    whole. After a kill the state must be that before the round or that after it, part by part."""

    name: str
    line: Callable[[int], list[str]]
    state: Callable[[], dict[str, Any]]
    folder: Path


def started(entry: str, *arguments: object) -> list[str]:
    module, function = entry.split(":")
    code = f"import sys; from {module} import {function}; sys.exit({function}())"
    return [sys.executable, "-c", code, *map(str, arguments)]


def gif(work: Path, bundle: Path) -> Command:
    path = work / "gif" / "joy.gif"
    path.parent.mkdir()

    def line(number: int) -> list[str]:
        options = ["--bundle", bundle, "--seed", number, "--faces", 2, "--steps", 20, *SMALL, "-o", path]
        return started("tlgan_runtime.cli.entry:cheermeup", "gif", *options)

    return Command("cheermeup gif", line, lambda: digests(path.parent), path.parent)


def batch(work: Path, bundle: Path) -> Command:
    out = work / "batch"
    out.mkdir()

    def line(number: int) -> list[str]:
        jobs = [
            {"output": f"{n}.gif", "seed": 100 * number + n, "faces": 1, "steps": 20, "size": 32} for n in range(12)
        ]
        (work / "jobs.jsonl").write_text("\n".join(map(json.dumps, jobs)))
        options = ["--out", out, "-j", 2, "--bundle", bundle, "--provider", "cpu"]
        return started("tlgan_runtime.cli.entry:cheermeup", "batch", work / "jobs.jsonl", *options)

    return Command("cheermeup batch", line, lambda: digests(out), out)


def export(work: Path, run: Path) -> Command:
    from tlgan_runtime.bundle.read import Bundle

    out = work / "export" / "bundle"
    out.parent.mkdir()

    def state() -> dict[str, Any]:
        if not out.exists():
            return {}
        opened = Bundle(out)
        opened.verify()
        return {"name": opened.manifest.name}

    def line(number: int) -> list[str]:
        return started("tlgan_train.cli.entry:tlgan_export", run, "--out", out, "--name", f"number {number}", "--quiet")

    return Command("tlgan-export", line, state, out.parent)


def training(work: Path, options: list[str]) -> Command:
    """A new run folder in each round; whatever happened to it, it must end with the weights of the first one."""
    from safetensors.numpy import load_file

    folder = work / "train"
    folder.mkdir()

    def state() -> dict[str, Any]:
        for path in folder.rglob("*.json"):
            json.loads(path.read_text(encoding="utf-8"))
        weights = [load_file(path) for path in sorted(folder.rglob("*.safetensors"))]
        assert all(weights)
        done = sorted(folder.glob("*/gan/generator.safetensors"))
        return {path.parent.parent.name: tensors(path) for path in done if finished(path.parent.parent)}

    def tensors(path: Path) -> str:
        # The order of the facts in the file is random.
        return sha256(
            b"".join(name.encode() + one.tobytes() for name, one in sorted(load_file(path).items()))
        ).hexdigest()

    def finished(run: Path) -> bool:
        path = run / "training.json"
        return path.exists() and "gan" in json.loads(path.read_text()).get("stages", {})

    def line(number: int) -> list[str]:
        return started("tlgan_train.cli.entry:tlgan_train", "gan", "--quiet", "--run", folder / str(number), *options)

    return Command("tlgan-train", line, state, work)


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def digests(folder: Path) -> dict[str, str]:
    return {path.name: digest(path) for path in folder.iterdir() if not path.name.startswith(".")}


def processes(mark: str) -> list[int]:
    """Those that have the mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def kill(
    command: list[str], environment: dict[str, str], number: signal.Signals, delay: float
) -> tuple[str, bool] | None:
    """What became of a command that got a signal after a delay in seconds, and whether it is a documented outcome.

    None where it ended well before.
    """
    mark = os.urandom(8).hex()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**environment, MARK: mark},
    )  # fmt: skip
    hit = False
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        hit = True
        if number in (signal.SIGINT, signal.SIGHUP):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    try:
        _, err = process.communicate(timeout=PATIENCE)
        limit = time.monotonic() + PATIENCE
        while processes(mark):
            if time.monotonic() > limit:
                return "processes that go on without their parent", False
            time.sleep(0.02)
    except subprocess.TimeoutExpired:
        return "a command that hangs", False
    finally:
        for one in processes(mark):
            os.kill(one, signal.SIGKILL)
    code = process.returncode
    if code == 0 and not hit:
        return None
    if code == 0:
        return "done, because the signal came when nothing was left to do", True
    if code == 130 and "Traceback" not in err:
        return "interrupted: one line, exit code 130", True
    if code == -number and "Traceback" not in err:  # Python's tracker of semaphores may say that it removes some
        return "ended by the signal itself", True
    if number == signal.SIGINT and "KeyboardInterrupt" in err and not OURS.search(err):
        return "interrupted while Python itself was starting", True
    return f"exit code {code} after {number.name}: {err[-300:]}", False


def hammer(
    command: Command, cases: int, choice: random.Random, environment: dict[str, str], kills: int
) -> tuple[Counter[str], int, list[str]]:
    """Outcomes of `cases` kills, the number of lost outputs, and what went wrong."""
    outcomes: Counter[str] = Counter()
    lost, failures, number = 0, [], 0

    def whole() -> tuple[float, dict[str, Any]]:
        start = time.monotonic()
        done = subprocess.run(command.line(number), env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            failures.append(f"{command.name} run to its end: {done.stderr[-300:]}")
        left = [path.name for path in command.folder.rglob("*") if LEFTOVER.search(path.name)]
        if left:
            failures.append(f"{command.name} leaves {left}")
        return time.monotonic() - start, command.state()

    longest, before = whole()
    first = next(iter(before.values()), None)
    while cases:
        number += 1
        seen: list[dict[str, Any]] = []
        left, seconds = min(kills, cases), longest
        cases -= left
        while left:
            delay = choice.random() * seconds
            killed = kill(command.line(number), environment, choice.choice(SIGNALS), delay)
            if killed is None:  # it takes less time than that now
                seconds = delay
                continue
            left -= 1
            word, expected = killed
            outcomes[f"{command.name}: {word}" if expected else "not documented"] += 1
            if not expected:
                failures.append(f"{command.name}: {word}")
            try:
                seen.append(command.state())
            except Exception as error:
                lost += 1
                failures.append(f"{command.name}: the output is not whole: {type(error).__name__}: {error}")
        _, after = whole()
        if command.name == "tlgan-train" and after.get(str(number)) != first:
            failures.append("tlgan-train: other weights than without kills")
        for state in seen:
            for part in {*before, *state}:
                if state.get(part) not in (
                    {before.get(part), after.get(part)} if part in before else {after.get(part)}
                ):
                    lost += 1
                    failures.append(f"{command.name}: {part} is neither the old one nor the new one")
        before = after
    return outcomes, lost, failures


def run(cases: int, seed: int, work: Path, kills: int = KILLS, trained: Path | None = None) -> dict[str, Any]:
    """Kill each of the four commands `cases` / 4 times, in the empty folder `work`. `failures` lists what went wrong.

    `trained` is the run folder that is exported; without it one is trained first.
    """
    from commands import call
    from painter import bars

    from tests.tiny_bundle import make_bundle
    from tests.train.conftest import SMALL as SETTINGS
    from tlgan_train.cli.commands import main
    from tlgan_train.data import export_folder

    start = time.monotonic()
    (work / "tmp").mkdir()
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(work / "tmp"), "CHEERMEUP_CACHE": str(work / "cache"),
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    bundle = make_bundle(work / "tiny")
    export_folder(bars(count=10), work / "pictures")
    settings = [f"--set={key}={value}" for key, value in SETTINGS.items()]
    options = ["--preset", "tiny", "--data", f"folder:{work / 'pictures'}", "--set=gan.precision=fp32", *settings]
    if trained is None:
        trained = work / "run"
        made = call(main, "all", "--quiet", "--run", trained, *options)
        assert made.code == 0, made.err
    commands = [
        gif(work, bundle), batch(work, bundle), export(work, trained),
        training(work, [*options, "--set=gan.images=480"]),
    ]  # fmt: skip
    # What this process ignores, as after `nohup`, the commands would ignore, too.
    handlers = {one: signal.signal(one, signal.default_int_handler) for one in (signal.SIGINT, signal.SIGHUP)}
    try:
        choice, outcomes, lost, failures = random.Random(seed), Counter[str](), 0, list[str]()
        for index, command in enumerate(commands):
            share = len(range(index, cases, len(commands)))
            counted, losses, wrong = hammer(command, share, choice, environment, kills)
            outcomes, lost, failures = outcomes + counted, lost + losses, [*failures, *wrong]
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler)
    return {
        "cases": cases, "outcomes": dict(sorted(outcomes.items())), "lost": lost, "failures": failures,
        "seed": seed, "seconds": round(time.monotonic() - start, 1),
    }  # fmt: skip


if __name__ == "__main__":
    kills = int(sys.argv[1]) if sys.argv[1:] else 200
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(record("killed", WHAT, run(kills, seed=0, work=Path(scratch))))
