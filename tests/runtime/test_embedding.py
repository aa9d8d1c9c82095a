"""docs/embedding.md: the runtime leaves the process of its host alone, and the licences are those of its packages."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

from tests.program import PATIENCE, ROOT

PAGE = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
FAMILIES = {"PSF": "PSF|Python Software Foundation"}
"""How metadata writes a kind of licence, where that is not the beginning of its identifier."""

HOST = """
import logging, os, signal, socket, subprocess, sys, threading, warnings
import numpy as np

def state():
    return (
        dict(os.environ), {one: signal.getsignal(one) for one in signal.valid_signals()}, logging.root.level,
        list(logging.root.handlers), list(warnings.filters), os.getcwd(), np.geterr(), threading.active_count(),
        sys.getswitchinterval(), sorted(os.listdir()),
    )

def refuse(*arguments, **options):
    raise AssertionError("a connection or a process")

before = state()
socket.socket.connect = subprocess.Popen.__init__ = refuse
from tlgan_runtime import CheerMeUp

app = CheerMeUp(sys.argv[1], provider="cpu", threads=2)
z = app.sample(20)
app.classify(app.render(app.move(z, {"joy": 1}, until=0.9)))
list(app.walk(z, "joy", 2))
puppet = app.puppet(z)
puppet.set({"joy": 1})
puppet.frame(0.1)
app.gif(sys.argv[2], faces=2, steps=3, labels=True, bars=True)
for one, other in zip(before, state()):
    assert one == other, (one, other)
"""


def test_a_host_is_left_as_it_was(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    command = [sys.executable, "-c", HOST, str(bundle), str(tmp_path / "a.gif")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        command, cwd=tmp_path / "here", env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert (tmp_path / "a.gif").stat().st_size > 0


def licences() -> dict[str, str]:
    """Package -> licence, of the table."""
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \|", PAGE.partition("## Licences")[2], re.MULTILINE)
    assert len(rows) > 12
    return dict(rows)


@pytest.mark.parametrize(("name", "licence"), licences().items())
def test_licences_are_those_of_the_installed_packages(name: str, licence: str) -> None:
    """Their kind: versions write them differently, and change what they say of parts."""
    try:
        found = metadata(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed")
    fields = [*(found.get_all(key) or [] for key in ("License-Expression", "License", "Classifier"))]
    family = licence.partition("-")[0]
    assert re.search(rf"\b({FAMILIES.get(family, family)})\b", "\n".join(itertools.chain(*fields))), fields


def test_the_page_names_all_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    asked = [*project["dependencies"], *optional["cpu"], *optional["serve"], *optional["video"]]
    assert {re.split("[^a-z0-9-]", one)[0] for one in asked} <= set(licences())


def test_the_ffmpeg_of_the_extra_video_is_under_the_gpl() -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed").get_ffmpeg_exe()
    said = subprocess.run([ffmpeg, "-L"], capture_output=True, text=True, timeout=PATIENCE).stdout
    assert "GNU General Public License" in said
