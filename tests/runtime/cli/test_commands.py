"""The `cheermeup` command: what it prints where, what it writes, and its exit codes."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from tests.program import program
from tests.tiny_bundle import EMOTIONS
from tlgan_runtime import CheerMeUp
from tlgan_runtime.cli.commands import main


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the tiny bundle, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(name: str, *arguments: str, bundle: Path = bundle) -> Result:
        code = main([name, "--bundle", str(bundle), *arguments])
        return Result(code, *capsys.readouterr())

    return command


def test_without_a_command_it_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    without = capsys.readouterr()
    assert main(["--help"]) == 0
    assert without == capsys.readouterr()
    assert without.out.startswith("usage: cheermeup COMMAND") and not without.err


def test_gif_needs_nothing_but_an_emotion(run: Run) -> None:
    code, out, err = run("gif", "--emotion", "joy", "--steps", "30")
    assert (code, out, err) == (0, "joy.gif\n", "")
    with Image.open("joy.gif") as image:
        assert image.format == "GIF" and image.info["loop"] == 0 and image.size == (4 * 256 + 3 * 8, 2 * 256 + 8)


def test_gif_with_every_option_as_json(run: Run) -> None:
    options = "--emotion fear --steps 4 --faces 1 --seed 3 --fps 10 --size 32 --loop once --hold 0 --method paper"
    code, out, _ = run("gif", *options.split(), "-o", "out.webp", "--json", "--threads", "1", "--provider", "cpu")
    document = json.loads(out)
    assert code == 0 and Path("out.webp").stat().st_size == document.pop("bytes")
    assert document == {
        "path": "out.webp",
        "emotion": "fear",
        "steps": 4,
        "faces": 1,
        "seed": 3,
        "frames": 4,
        "duration": 0.4,
        "fps": 10.0,
        "bundle": "tiny",
        "providers": ["CPUExecutionProvider"],
    }


def test_gif_of_a_timeline(run: Run) -> None:
    timeline = "neutral, joy:0.8@0.4s, joy:0.5+fear:0.5@0.6s, neutral@1s"
    options = "--faces 1 --fps 10 --size 64 --labels --bars --repeat 2 --json"
    code, out, _ = run("gif", "--timeline", timeline, *options.split())
    document = json.loads(out)
    assert (code, document["path"], document["timeline"]) == (0, "timeline.gif", timeline)
    assert (document["frames"], document["duration"]) == (10, 1.0) and "steps" not in document
    with Image.open("timeline.gif") as image:
        assert image.info["loop"] == 1 and image.size[0] == 64 and image.size[1] > 128


@pytest.mark.parametrize(("emotion", "columns"), [("all", 7), ("joy, fear", 2)])
def test_gif_of_several_emotions_has_a_column_for_each(run: Run, emotion: str, columns: int) -> None:
    code, out, _ = run(
        "gif", "--emotion", emotion, "--faces", "2", "--steps", "2", "--size", "16", "--easing", "smooth"
    )
    assert (code, out) == (0, {"all": "all.gif\n", "joy, fear": "joy-fear.gif\n"}[emotion])
    with Image.open(out.strip()) as image:
        assert image.size == (columns * 16 + (columns - 1) * 2, 2 * 16 + 2)


def test_sample_draws_the_same_faces_for_a_seed(run: Run, editor: CheerMeUp) -> None:
    code, out, _ = run("sample", "--faces", "2", "--seed", "4", "--size", "16")
    assert (code, out) == (0, "faces.png\n")
    with Image.open("faces.png") as image:
        first = image.crop((0, 0, 16, 16)).tobytes()
    assert first == editor.render(editor.sample(1, seed=4))[0].tobytes()
    assert json.loads(run("sample", "--json").out)["path"] == "faces.png"


def test_edit_shows_before_and_after(run: Run, editor: CheerMeUp) -> None:
    code, out, _ = run("edit", "--set", "joy=0.8", "--set", "anger=-0.2", "--faces", "3", "--size", "16", "--json")
    document = json.loads(out)
    assert code == 0 and document["strengths"] == {"joy": 0.8, "anger": -0.2}
    assert len(document["before"]) == len(document["after"]) == 3
    assert all(
        after["joy"] > before["joy"] for before, after in zip(document["before"], document["after"], strict=True)
    )
    moved = editor.render(editor.move(editor.sample(3), {"joy": 0.8, "anger": -0.2}))
    with Image.open("edit.png") as image:
        assert image.size == (16 * 3 + 2 * 2, 16 * 2 + 2)
        assert image.crop((0, 18, 16, 34)).tobytes() == moved[0].tobytes()


def test_edit_keeps_what_it_is_told_to(run: Run, editor: CheerMeUp) -> None:
    code, out, _ = run("edit", "--set", "joy=1", "--keep", "fear", "--keep", "character", "--faces", "2", "--json")
    assert code == 0
    moved = editor.move(editor.sample(2), {"joy": 1}, keep=["fear", "character"])
    seen = editor.classify(editor.render(moved)).emotion
    told = [[row[name] for name in editor.emotions] for row in json.loads(out)["after"]]
    np.testing.assert_allclose(told, seen, atol=1e-6)


def test_grid_has_a_row_for_each_face_and_a_column_for_each_emotion(run: Run, editor: CheerMeUp) -> None:
    code, out, _ = run("grid", "--faces", "2", "--size", "16", "--json")
    assert code == 0 and json.loads(out)["columns"] == ["start", *EMOTIONS]
    with Image.open("grid.png") as image:
        width, height = image.size
        assert width == 8 * 16 + 7 * 2 and height > 2 * 16 + 2
        joyful = image.crop((4 * 18, height - 16, 4 * 18 + 16, height)).tobytes()
    assert joyful == editor.render(editor.move(editor.sample(2)[1:], {"joy": 1}))[0].tobytes()


def test_info_says_what_is_in_the_bundle(run: Run) -> None:
    code, out, _ = run("info")
    assert code == 0 and "anger, disgust, fear, joy" in out and "16 x 16 pixels from 8 latents" in out
    document = json.loads(run("info", "--json").out)
    assert document["emotions"] == list(EMOTIONS) and document["methods"] == ["logit", "paper"]
    assert document["files"]["axes.json"]["role"] == "axes"


def test_verify_names_every_file(run: Run, broken: Path) -> None:
    code, out, _ = run("verify")
    assert code == 0 and len(out.splitlines()) == 5 and out.count(": ok, ") == 5
    document = json.loads(run("verify", "--json").out)
    assert document["intact"] is True
    assert document["ran"] == ["samples", "generator", "classifier", "method logit", "method paper"]
    content = (broken / "MODEL_CARD.md").read_bytes()
    (broken / "MODEL_CARD.md").write_bytes(content.swapcase())
    code, out, err = run("verify", bundle=broken)
    assert code == 3 and out == "" and "MODEL_CARD.md" in err and err.count("\n") == 1


def test_doctor_reports_what_is_really_in_use(run: Run) -> None:
    code, out, _ = run("doctor", "--json", "--threads", "1")
    report = json.loads(out)
    assert code == 0 and report["problems"] == []
    assert report["session"]["providers"][-1] == "CPUExecutionProvider" and report["session"]["threads"] == 1
    assert {"open_ms", "start_ms", "render_ms"} <= report["session"].keys() and report["onnxruntime"]["distributions"]
    code, out, _ = run("doctor")
    assert code == 0 and "in use" in out and "problem      none" in out


def test_doctor_still_reports_when_something_is_missing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run("doctor", bundle=tmp_path / "nowhere")
    assert code == 3 and "CPUExecutionProvider" in out and "problem      no bundle at" in out
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    code, out, _ = run("doctor")
    assert code == 4 and "cheermeup[cpu]" in out and "python" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gif", "--emotion", "hapy"], "unknown emotion 'hapy'"),
        (["gif", "--emotion", "jay"], "did you mean joy?"),
        (["gif", "--steps", "1"], "steps must be a whole number from 2"),
        (["gif", "--steps", "many"], "--steps: must be a whole number, not 'many'"),
        (["gif", "--fps", "slow"], "--fps: must be a number"),
        (["gif", "--STEPZ=12345"], "did you mean --steps?"),
        (["gif", "--debgu"], "did you mean --debug?"),
        (["edit", "--sett", "joy=1"], "unknown option --sett; did you mean --set?"),
        (["gif", "--emotion", ""], "name an emotion"),
        (["gif", "--emotion", "joy,"], "name an emotion"),
        (["gif", "-o", ".gif"], "give it a name"),
        (["gif", "-o", "n" * 300 + ".gif"], "name too long"),
        (["sample", "-o", "n" * 248 + ".png", "--size", "100000"], "size must be"),
        (["gif", "--stpes", "3"], "did you mean --steps? (cheermeup gif --help"),
        (["gif", "joy"], "unexpected argument joy"),
        (["gif", "-o", "joy.jpg"], ".gif, .webp, .png, .mp4, .webm"),
        (["gif", "-o", "nowhere/joy.gif"], "no folder nowhere"),
        (["gif", "--faces", "0"], "number of faces"),
        (["gif", "--size", "100000"], "size must be"),
        (["gif", "--loop", "twice"], "forth-and-back"),
        (["gif", "--method", "svm"], "logit, paper"),
        (["gif", "--easing", "bouncy"], "linear"),
        (["gif", "--repeat", "0"], "repeat must be"),
        (["gif", "--emotion", "joy,glee"], "unknown emotion 'glee'"),
        (["gif", "--size", "32", "--bars"], "size with labels or bars"),
        (["gif", "--timeline", "neutral, joy"], "cannot read 'joy' in the timeline: it has no time"),
        (["gif", "--timeline", "neutral, jay@1s"], "did you mean joy?"),
        (["gif", "--timeline", "neutral, joy@1s", "--emotion", "joy"], "leave --emotion out"),
        (["gif", "--timeline", "neutral, joy@1s", "--steps", "9"], "leave --steps out"),
        (["sample", "--seed", "-1"], "seed must be"),
        (["sample", "--threads", "0"], "threads must be"),
        (["sample", "--provider", "tpu"], "cuda"),
        (["sample", "-o", "faces.bmp"], ".png"),
        (["edit", "--set", "joy=1", "--keep", "smile"], "cannot keep 'smile'"),
        (["edit", "--set", "joy=1", "--set", "joy=2"], "two strengths"),
        (["edit", "--set", "joy=1", "--faces", "-2"], "not -2"),
        (["edit", "--set", "joy"], "joy=0.8"),
        (["edit", "--set", "joy=much"], "joy=0.8"),
        (["edit", "--set", "joy=nan"], "strength of joy"),
        (["edit"], "--set"),
        (["grid", "--faces", "200"], "fewer"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(run: Run, arguments: list[str], says: str, tmp_path: Path) -> None:
    code, out, err = run(*arguments)
    assert code == 2 and out == ""
    assert says in err or says in err.lower()
    assert err.count("\n") == 1 and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_json_reports_errors_too(run: Run) -> None:
    code, out, err = run("gif", "--json", "--emotion", "glee")
    document = json.loads(out)
    assert (code, document["exit_code"], document["type"]) == (2, 2, "InputError")
    assert document["error"] in err


def test_debug_shows_the_traceback_wherever_it_stands(run: Run) -> None:
    code, _, err = run("gif", "--emotion", "glee", "--debug")
    assert code == 2 and "Traceback" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["giff"], "unknown command 'giff'; did you mean gif?"),
        (["dance"], "gif, sample, edit"),
        (["--verson"], "did you mean --version?"),
        (["--json", "gif"], "unknown option --json (options of a command come after it"),
    ],
)
def test_an_unknown_command(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1


def test_a_name_as_long_as_the_system_takes(run: Run) -> None:
    name = "n" * 251 + ".png"
    assert run("sample", "--faces", "1", "--size", "16", "-o", name).code == 0 and Path(name).is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="as a POSIX shell has it")
@pytest.mark.parametrize(
    ("redirected", "name", "code", "out", "err"),
    [
        ("2>&-", "a.png", 0, "a.png", ""),
        (">&-", "a.png", 0, "", ""),
        ("2>&- --json", "a.png", 0, '"path": "a.png"', ""),
        ("--sede 3 2>&-", "a.png", 2, "", ""),
        (">/dev/full", "a.png", 2, "", "cannot write to standard output: No space left on device"),
        (">/dev/full --json", "a.png", 2, "", "cannot write to standard output: No space left on device"),
        ("", "é\udcff.png", 0, "\\xe9\\udcff.png", ""),
    ],
)
def test_streams_that_take_little_or_nothing(
    bundle: Path, tmp_path: Path, redirected: str, name: str, code: int, out: str, err: str
) -> None:
    if "/dev/full" in redirected and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    command = program("sample", "--faces", "1", "--size", "16", "--bundle", str(bundle), "-o", name)
    shell = f"{shlex.join(command)} {redirected}"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(
        ["sh", "-c", os.fsencode(shell)], capture_output=True, cwd=tmp_path, env=environment, check=False
    )
    told = done.stderr.decode()
    assert (done.returncode, out in done.stdout.decode(), "Traceback" in told) == (code, True, False)
    assert err in told and told.count("\n") == bool(err)
    assert (tmp_path / name).is_file() == ("sede" not in redirected)


@pytest.mark.parametrize(
    ("command", "start"),
    [
        ("sample", b"\x89PNG"),
        ("grid", b"\x89PNG"),
        ("edit --set joy=1", b"\x89PNG"),
        ("gif --steps 3", b"GIF89a"),
        ("sample --json", b"\x89PNG"),
    ],
)
def test_a_hyphen_is_standard_output(bundle: Path, tmp_path: Path, command: str, start: bytes) -> None:
    given = [*command.split(), "--faces", "1", "--size", "32", "--bundle", str(bundle), "-o", "-"]
    done = subprocess.run(program(*given), capture_output=True, cwd=tmp_path, check=True)
    assert done.stdout.startswith(start) and not done.stderr and not any(tmp_path.iterdir())
    with Image.open(io.BytesIO(done.stdout)) as image:
        image.load()


def test_frames_go_into_a_new_folder(run: Run) -> None:
    options = ("--faces", "1", "--size", "32", "--steps", "3")
    assert run("gif", *options, "--frames", "joy") == (0, f"{Path('joy', '%04d.png')}\n", "")
    assert sorted(path.name for path in Path("joy").iterdir()) == ["0001.png", "0002.png", "0003.png"]
    code, out, err = run("gif", *options, "--frames", "joy")
    assert (code, out) == (2, "") and "is there and not an empty folder" in err
    code, _, err = run("gif", *options, "--frames", "other", "-o", "joy.gif")
    assert code == 2 and "give one of them" in err
    code, _, err = run("gif", "--emotion", "glee", "--frames", "other")
    assert code == 2 and "unknown emotion" in err and [path.name for path in Path().iterdir()] == ["joy"]
    code, _, err = run("gif", *options, "--frames", "nowhere/joy")
    assert code == 2 and "cannot create" in err
    Path("empty").mkdir()
    assert run("gif", *options, "--frames", "empty").code == 0 and len(list(Path("empty").iterdir())) == 3


@pytest.mark.parametrize("command", ["gif", "sample", "grid", "info", "verify"])
def test_no_bundle_is_exit_code_3(run: Run, command: str, tmp_path: Path) -> None:
    code, out, err = run(command, bundle=tmp_path / "nowhere")
    assert (code, out) == (3, "") and "no bundle at" in err and err.count("\n") == 1


def test_a_damaged_bundle_is_exit_code_3(run: Run, broken: Path) -> None:
    content = bytearray((broken / "generator.onnx").read_bytes())
    content[50] ^= 1
    (broken / "generator.onnx").write_bytes(content)
    code, _, err = run("gif", bundle=broken)
    assert code == 3 and "generator.onnx" in err and not Path("joy.gif").exists()


def test_a_missing_library_is_exit_code_4(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    code, _, err = run("gif")
    assert code == 4 and "cheermeup[cpu]" in err and "cheermeup[gpu]" in err
    assert run("info").code == 0


def test_a_library_with_a_damaged_file_is_exit_code_4(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "onnxruntime.py").write_text('raise OSError("libonnxruntime.so: file too short")')
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    code, _, err = run("gif")
    assert code == 4 and "file too short" in err and "cheermeup[cpu]" in err and err.count("\n") == 1


def test_an_interrupt_is_130_and_leaves_no_file(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(self: CheerMeUp, *_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(CheerMeUp, "render", interrupt)
    assert run("sample").code == 130 and list(tmp_path.iterdir()) == []


def test_a_bug_is_exit_code_1_and_says_that_it_is_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: CheerMeUp, *_: Any) -> Any:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(CheerMeUp, "render", fail)
    code, _, err = run("sample")
    assert code == 1 and "bug" in err and "ZeroDivisionError" in err and "Traceback" not in err


def test_warnings_go_to_standard_error_unless_quiet(run: Run) -> None:
    loud = run("gif", "--fps", "100", "--steps", "2", "--faces", "1", "--size", "16")
    assert loud.err.startswith("warning: ") and "real rate is 50" in loud.err and loud.err.count("\n") == 1
    quiet = run("gif", "--fps", "100", "--steps", "2", "--faces", "1", "--size", "16", "--quiet")
    assert (quiet.out, quiet.err) == ("joy.gif\n", "")


def test_as_a_program(bundle: Path, tmp_path: Path) -> None:
    command = program("gif", "--bundle", str(bundle), "--steps", "3", "--faces", "1", "--json")
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert json.loads(done.stdout)["path"] == "joy.gif" and done.stderr == ""
    assert (tmp_path / "joy.gif").is_file()
    wrong = subprocess.run(program("gif", "--steps", "-3"), capture_output=True, text=True, cwd=tmp_path, check=False)
    assert wrong.returncode in (2, 3) and wrong.stderr.count("\n") == 1
    version = subprocess.run(program("--version"), capture_output=True, text=True, check=True)
    assert version.stdout.startswith("cheermeup ")
