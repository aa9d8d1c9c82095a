"""Many jobs at once: what is drawn, what is refused, what is not drawn twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.program import PATIENCE, program
from tlgan_runtime import CheerMeUp, InputError, run_batch
from tlgan_runtime.batch.job import Job
from tlgan_runtime.cli.commands import main

SMALL = {"faces": 1, "size": 32}
JOBS: list[dict[str, Any]] = [
    {"output": "joy.gif", "emotion": "joy", "steps": 3, **SMALL},
    {"output": "through.webp", "timeline": "neutral, fear:0.5@0.2s", **SMALL},
    {"output": "faces.png", "kind": "sample", "seed": 3, **SMALL},
    {"output": "mix.png", "kind": "edit", "set": {"joy": 0.8}, "keep": ["fear"], **SMALL},
]


def lines(jobs: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(job) for job in jobs]


def test_jobs_give_what_their_commands_give(bundle: Path, editor: CheerMeUp, tmp_path: Path) -> None:
    outcomes = list(run_batch(lines(JOBS), tmp_path / "out", bundle=bundle, provider="cpu", processes=2))
    assert [(outcome.line, outcome.status) for outcome in outcomes] == [(n, "done") for n in range(1, 5)]
    assert [outcome.output for outcome in outcomes] == [str(tmp_path / "out" / job["output"]) for job in JOBS]
    editor.gif(tmp_path / "alone.gif", "joy", 3, 1, size=32)
    assert (tmp_path / "out" / "joy.gif").read_bytes() == (tmp_path / "alone.gif").read_bytes()
    options = ["--seed", "3", "--faces", "1", "--size", "32", "-o", str(tmp_path / "alone.png")]
    assert main(["sample", "--bundle", str(bundle), *options]) == 0
    assert (tmp_path / "out" / "faces.png").read_bytes() == (tmp_path / "alone.png").read_bytes()
    with Image.open(tmp_path / "out" / "mix.png") as image:
        assert image.size == (32, 2 * 32 + 2)


def test_only_what_is_new_changed_or_lost_is_drawn_again(bundle: Path, tmp_path: Path) -> None:
    def statuses(jobs: list[dict[str, Any]]) -> list[str]:
        return [one.status for one in run_batch(lines(jobs), tmp_path, bundle=bundle, provider="cpu", processes=1)]

    assert statuses(JOBS[:3]) == ["done"] * 3
    (tmp_path / JOBS[1]["output"]).unlink()
    assert statuses(JOBS) == ["skipped", "done", "skipped", "done"]
    assert statuses([{**JOBS[0], "seed": 1}, *JOBS[1:]]) == ["done", "skipped", "skipped", "skipped"]
    (tmp_path / JOBS[2]["output"]).write_bytes(b"cut")
    with (tmp_path / ".cheermeup.jsonl").open("a") as journal:
        journal.write('{"output": "joy.g')  # as a machine leaves it that stops
    assert statuses(JOBS[1:3]) == ["skipped", "done"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense", "not readable JSON"),
        ("[]", "JSON object"),
        ('{"emotion": "joy"}', "output must be"),
        ('{"output": "../joy.gif"}', "without folder"),
        ('{"output": ".cheermeup.jsonl"}', "without folder"),
        ('{"output": "-"}', "the output of a job is one file"),
        ('{"output": "joy_%03d.png"}', "the output of a job is one file"),
        (r'{"output": "\ud800.gif"}', "half of a character"),
        ('{"output": "a\udcff.gif"}', "not UTF-8"),
        ('{"output": "a.gif", "kind": "dance"}', "gif, sample, edit"),
        ('{"output": "a.gif", "stpes": 3}', "did you mean steps?"),
        ('{"output": "a.png", "kind": "sample", "fps": 3}', "unknown option 'fps'"),
        ('{"output": "a.gif", "steps": "3"}', "steps must be a whole number"),
        ('{"output": "a.gif", "size": true}', "size must be a whole number"),
        ('{"output": "a.gif", "labels": 1}', "labels must be true or false"),
        ('{"output": "a.png", "kind": "edit"}', "edit needs set"),
        ('{"output": "a.gif", "timeline": "start, joy@1s", "steps": 3}', "leave emotion and steps out"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(line: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        Job.parse(line)
    assert says in str(error.value)


def test_a_failed_job_stops_nobody(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = [{"output": "a.gif", "emotion": "glee"}, JOBS[2], {"output": "a.jpg", **SMALL}, JOBS[2]]
    (tmp_path / "jobs.jsonl").write_text("\n".join(["broken", *lines(bad), "", *lines(JOBS[3:])]))
    command = ["batch", str(tmp_path / "jobs.jsonl"), "--out", str(tmp_path / "out"), "-j", "1"]
    assert main([*command, "--bundle", str(bundle), "--json"]) == 2
    out, err = capsys.readouterr()
    told = [json.loads(line) for line in out.splitlines()]
    assert [one["line"] for one in told] == [1, 2, 3, 4, 5, 7]
    assert [one["status"] for one in told] == ["failed", "failed", "done", "failed", "failed", "done"]
    assert "line 1: " in err and "line 2: unknown emotion 'glee'" in err and "that of line 3" in err
    assert err.splitlines()[-1] == "2 done, 0 skipped, 4 failed"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {".cheermeup.jsonl", "faces.png", "mix.png"}


@pytest.mark.parametrize("source", ["jobs.jsonl", "-"])
def test_a_line_of_bytes_and_one_that_asks_for_too_long_a_name_fail_alone(
    bundle: Path, tmp_path: Path, source: str
) -> None:
    content = (
        b'{"output": "a\xff.png", "kind": "sample"}\n'
        + "\n".join(lines([{**JOBS[2], "output": "n" * 300 + ".png"}, JOBS[2]])).encode()
    )
    (tmp_path / "jobs.jsonl").write_bytes(content)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".cheermeup.jsonl").write_bytes(b"\xff\n")
    command = program("batch", source, "--out", "out", "-j", "1", "--bundle", str(bundle), "--provider", "cpu")
    done = subprocess.run(command, input=content, capture_output=True, cwd=tmp_path, check=False)
    told = done.stderr.decode().splitlines()
    assert done.returncode == 2 and done.stdout.decode().split() == [str(Path("out") / "faces.png")]
    assert "line 1: the line is not UTF-8" in told[0] and "line 2: cannot write" in told[1] and "bug" not in told[1]
    assert told[2] == "1 done, 0 skipped, 2 failed"


def test_what_cannot_start_is_told_once(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jobs.jsonl").write_text("\n".join(lines(JOBS)))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    command = ["batch", str(tmp_path / "jobs.jsonl"), "--out", str(tmp_path / "out"), "--bundle", str(bundle)]
    assert main(command) == 4
    out, err = capsys.readouterr()
    assert out == "" and "cheermeup[cpu]" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere.jsonl", "--out", "out"], 2, "cannot read nowhere.jsonl"),
        (["jobs.jsonl", "--out", "jobs.jsonl"], 2, "cannot make the folder jobs.jsonl"),
        (["jobs.jsonl", "--out", "out", "-j", "0"], 2, "number of processes"),
        (["jobs.jsonl", "--out", "out", "--bundle", "none"], 3, "no bundle at none"),
        (["jobs.jsonl"], 2, "--out"),
    ],
)
def test_wrong_usage(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], code: int, says: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("jobs.jsonl").write_text("{}\n")
    assert main(["batch", "--bundle", str(bundle), *arguments]) == code
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1


def started(jobs: Path, out: Path, bundle: Path, processes: int) -> subprocess.Popen[str]:
    options = ["--out", str(out), "-j", str(processes), "--bundle", str(bundle), "--provider", "cpu"]
    command = program("batch", str(jobs), *options, interruptible=True)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a process there")
def test_an_interrupt_leaves_nothing_half_written_and_the_rest_is_drawn_later(bundle: Path, tmp_path: Path) -> None:
    jobs = [{"output": f"{seed}.gif", "seed": seed, "steps": 20, "faces": 2, "size": 64} for seed in range(60)]
    (tmp_path / "jobs.jsonl").write_text("\n".join(lines(jobs)))
    out = tmp_path / "out"
    process = started(tmp_path / "jobs.jsonl", out, bundle, processes=2)
    assert process.stdout is not None and process.stdout.readline().strip() == str(out / "0.gif")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and "Traceback" not in err
    finished = {path.name for path in out.glob("*.gif")}
    assert {path.name for path in out.iterdir()} == {*finished, ".cheermeup.jsonl"} and len(finished) < len(jobs)
    statuses = [one.status for one in run_batch(lines(jobs), out, bundle=bundle, provider="cpu", processes=2)]
    assert statuses.count("skipped") == len(finished) and statuses.count("done") == len(jobs) - len(finished)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a process there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_interrupt_ends_what_is_in_work(bundle: Path, tmp_path: Path, number: int) -> None:
    jobs = [{"output": f"{seed}.webp", "seed": seed, "steps": 400, "faces": 4, "size": 256} for seed in range(3)]
    (tmp_path / "jobs.jsonl").write_text("\n".join(lines([JOBS[2], *jobs])))
    out = tmp_path / "out"
    process = started(tmp_path / "jobs.jsonl", out, bundle, processes=1)
    assert process.stdout is not None and process.stdout.readline().strip() == str(out / "faces.png")
    assert process.stderr is not None
    process.send_signal(number)
    assert "interrupt again" in process.stderr.readline()
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and err == "cheermeup: interrupted\n"
    assert {path.name for path in out.iterdir()} == {"faces.png", ".cheermeup.jsonl"}
