"""Command lines of `tlgan-train`: pictures in and out, and wrong usage told in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from commands import call, refused
from PIL import Image

from tests.program import PATIENCE
from tlgan_train.cli import data
from tlgan_train.cli.commands import attribute_app, encoder_app, main, train_app
from tlgan_train.cli.export import export_app, export_main

ROOT = Path(__file__).parents[3]
TOON = ("--set", "data.toon_faces=3", "--set", "data.image_size=32")


def digest(text: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith("digest: ")]
    return line


def test_exported_pictures_are_read_back_as_the_same_data(tmp_path: Path) -> None:
    root = tmp_path / "faces"
    drawn = call(main, "data", "--data", "toon", *TOON, "--export", root)
    assert drawn.code == 0 and drawn.err == "", drawn.err
    assert drawn.out.splitlines()[-1] == str(root)
    assert len(list(root.glob("*/*/*.png"))) == 6 * 7 * 3
    for spec in (f"ferg:{root}", f"folder:{root}", f"csv:{root / 'pictures.csv'}"):
        read = call(main, "data", "--data", spec, "--set", "data.image_size=32")
        assert read.code == 0 and spec in read.out and "126 pictures" in read.out, read.err
        if not spec.startswith("csv"):
            assert digest(read.out).split()[1] and read.out.count(" + ") == drawn.out.count(" + ")
    assert "is there and not an empty folder; name a new one" in refused_export(root)


def test_pictures_of_any_size_are_exported_whatever_would_train_on_them(tmp_path: Path) -> None:
    settings = ["--set=data.toon_faces=1", "--set=data.image_size=128", "--set=gan.batch_size=1000000"]
    outcome = call(main, "data", *settings, "--export", tmp_path / "faces")
    assert (outcome.code, outcome.err) == (0, "")
    with Image.open(next((tmp_path / "faces").glob("*/*/*.png"))) as picture:
        assert picture.size == (128, 128)
    assert call(main, "data", *settings).code == 2


def refused_export(root: Path) -> str:
    outcome = call(main, "data", *TOON, "--export", root)
    assert outcome.code == 2 and outcome.err.count("\n") == 1
    return outcome.err


@pytest.mark.parametrize(
    ("arguments", "wrong", "right"),
    [
        (["everything"], "everything", "evaluate"),
        ([], "stage", "evaluate"),
        (["gan", "--bogus"], "--bogus", "--help"),
        (["gan", "--seed", "one"], "--seed", "int"),
        (["gan", "--preset", "huge"], "'huge'", "paper"),
        (["gan", "--set", "gan.width=3"], "'gan.width'", "gan.generator_width"),
        (["gan", "--set", "gan.width"], "'gan.width'", "section.key=value"),
        (["data", "--data", "pictures"], "'pictures'", "folder:ROOT"),
        (["data", "--data", "folder:"], "'folder:'", "folder:ROOT"),
        (["data", "--data", "folder:/no/such/place"], "/no/such/place", "<character>"),
        (["data", "--set", "data.image_size=48"], "48", "64"),
        (["gan", "--export", "somewhere"], "--export", "tlgan-export"),
    ],
)
def test_wrong_usage_is_told_in_one_line(
    arguments: list[str], wrong: str, right: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = refused(call(main, *arguments))
    assert line.startswith("tlgan-train: ") and wrong in line and right in line
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("gan.latent_dim=1", "gan.latent_dim"),  # label_sectors of three emotions need two
        ("gan.batch_size=0", "gan.batch_size"),
        ("gan.discriminator_norm=none", "spectral"),
        ("gan.images=0", "gan.images"),
        ("data.characters=zoe", "ada"),
    ],
)
def test_settings_that_cannot_train_are_told_in_one_line(
    setting: str, told: str, small_options: list[str], tmp_path: Path
) -> None:
    outcome = call(main, "gan", "--quiet", "--run", tmp_path / "run", *small_options, "--set", setting)
    assert told in refused(outcome)
    assert not (tmp_path / "run" / "gan").exists()


def test_a_run_that_is_a_file_is_told(small_options: list[str], tmp_path: Path) -> None:
    (tmp_path / "run").write_text("here first")
    outcome = call(main, "gan", "--quiet", "--run", tmp_path / "run", *small_options)
    assert str(tmp_path / "run") in refused(outcome)


def test_pictures_of_a_single_emotion_are_told_before_anything_is_trained(tmp_path: Path) -> None:
    folder = tmp_path / "ROOT" / "ada" / "ada_joy"
    folder.mkdir(parents=True)
    for number in range(30):
        Image.new("RGB", (32, 32), (number, 90, 200)).save(folder / f"ada_joy_{number}.png")
    run = tmp_path / "run"
    outcome = call(main, "gan", "--quiet", "--preset", "tiny", "--data", f"folder:{tmp_path / 'ROOT'}", "--run", run)
    assert "one emotion, joy" in refused(outcome)
    assert not run.exists()


def test_tlgan_export_tells_wrong_usage_in_one_line(tmp_path: Path) -> None:
    assert "--out" in refused(call(export_main, tmp_path))
    line = refused(call(export_main, tmp_path, "--out", tmp_path / "out"))
    assert line.startswith("tlgan-export: ") and "config.json" in line


def test_a_bug_is_called_one_and_debug_shows_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(data, "load_dataset", broken)
    outcome = call(main, "data")
    assert outcome.code == 1 and outcome.err.count("\n") == 1
    assert "bug" in outcome.err and "of all things" in outcome.err and "--debug" in outcome.err
    assert "in broken" in call(main, "data", "--debug").err


@pytest.mark.parametrize(("module", "command"), [("commands", "main"), ("export", "export_main")])
def test_help_answers_without_torch(module: str, command: str) -> None:
    code = (
        f"import sys; from tlgan_train.cli.{module} import {command}; code = {command}(['--help']); "
        "assert code == 0; assert not {'torch', 'numpy', 'sklearn', 'matplotlib'} & set(sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert found.returncode == 0, found.stderr
    assert "Usage: " in found.stdout and "--help" in found.stdout and found.stderr == ""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", ["--help", "data --set data.toon_faces=3 --set data.image_size=32"])
def test_a_full_or_closed_standard_output_is_told_in_one_line_or_not_at_all(arguments: str) -> None:
    command = f"{sys.executable} -m tlgan_train.cli {arguments}"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    full = subprocess.run(f"{command} > /dev/full", shell=True, cwd=ROOT, env=buffered, capture_output=True, text=True)
    assert full.returncode == 2 and full.stderr.count("\n") == 1 and "standard output" in full.stderr
    script = f"{command} | head -c 1; exit ${{PIPESTATUS[0]}}"
    closed = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert closed.returncode in (0, 1) and closed.stderr == ""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a process there")
@pytest.mark.parametrize("module", ["typer", "torch", "torch.nn", "numpy.random"])
def test_ctrl_c_while_modules_are_imported_is_one_line(tmp_path: Path, module: str) -> None:
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"sys.addaudithook(lambda event, arguments: event == 'import' and arguments[0] == {module!r}"
        " and signal.raise_signal(signal.SIGINT))\n"
        "from tlgan_train.cli.entry import tlgan_train; sys.exit(tlgan_train())"
    )
    options = ["gan", "--run", str(tmp_path / "run"), *TOON]
    done = subprocess.run([sys.executable, "-c", code, *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 130 and done.stdout == "", done.stderr
    assert done.stderr.startswith("tlgan-train: interrupted") and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("app", [train_app, attribute_app, encoder_app, export_app])
def test_no_metavar_is_the_name_of_its_option(app: typer.Typer) -> None:
    """typer 0.27 then knows no option of that name."""
    options = [one for one in typer.main.get_command(app).params if one.param_type_name == "option"]
    assert options and not [one.name for one in options if one.metavar == (one.name or "").upper()]
