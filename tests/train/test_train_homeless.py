"""No home folder, an unknown user, a cache that cannot be written: one line that names what to set, before any work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from commands import call, refused
from pictures import write_layout

from tests.homeless import homeless
from tlgan_train.cli.commands import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows every user's home")


@pytest.mark.slow
def test_without_a_home_the_variable_to_set_is_named(tmp_path: Path) -> None:
    write_layout(tmp_path / "own", ["bob"], ["joy", "sad"], 3)
    ended = homeless("tlgan_train.cli", "data", "--data", "folder:own", folder=tmp_path)
    assert ended.returncode == 2 and ended.stdout == "" and ended.stderr.count("\n") == 1, ended.stderr
    assert "no home folder" in ended.stderr and "set CHEERMEUP_CACHE" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["CHEERMEUP_CACHE", "XDG_CACHE_HOME"])
def test_with_that_variable_all_is_well(tmp_path: Path, variable: str) -> None:
    write_layout(tmp_path / "own", ["bob"], ["joy", "sad"], 3)
    variables = {variable: str(tmp_path / "cache")}
    ended = homeless("tlgan_train.cli", "data", "--data", "folder:own", folder=tmp_path, **variables)
    assert ended.returncode == 0 and ended.stderr == "" and "6 pictures" in ended.stdout


@pytest.mark.slow
def test_a_path_from_a_home_that_is_not_known_is_refused(tmp_path: Path) -> None:
    variables = {"CHEERMEUP_CACHE": str(tmp_path / "cache")}
    ended = homeless("tlgan_train.cli", "data", "--data", "csv:~/faces.csv", folder=tmp_path, **variables)
    assert ended.returncode == 2 and ended.stderr.count("\n") == 1
    assert "'csv:~/faces.csv'" in ended.stderr and "without ~" in ended.stderr


@pytest.mark.parametrize("stage", ["data", "all"])
def test_a_cache_that_cannot_be_written_stops_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CHEERMEUP_CACHE", str(tmp_path / "file" / "cache"))
    line = refused(call(main, stage, "--run", tmp_path / "run", "--set", "data.toon_faces=3"))
    assert "set CHEERMEUP_CACHE" in line and not (tmp_path / "run").exists()


@pytest.mark.slow
def test_figures_need_no_home(tmp_path: Path) -> None:
    (tmp_path / "figure.py").write_text(
        "from matplotlib import rc_context\n"
        "from tlgan_train.report import charts\n"
        "with rc_context(charts.STYLE):\n"
        "    charts.png(charts.confusion({'t': (['joy', 'sad'], [[1, 0], [0, 1]])}))\n"
        "import torch\n"
        "torch.hub.get_dir()\n"
        "print('drawn')\n"
    )
    ended = homeless("figure", folder=tmp_path, PYTHONSAFEPATH="")
    assert ended.returncode == 0 and ended.stdout == "drawn\n" and "Traceback" not in ended.stderr, ended.stderr
