"""The runtime needs no home folder and no user that the system knows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.homeless import homeless
from tests.tiny_bundle import make_bundle


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows every user's home")
@pytest.mark.parametrize("arguments", [("gif", "--labels", "-o", "a.gif"), ("info",), ("doctor",)], ids=lambda a: a[0])
def test_commands_need_no_home(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    make_bundle(tmp_path / "bundle")
    ended = homeless("tlgan_runtime.cli", *arguments, "--bundle", "bundle", "--provider", "cpu", folder=tmp_path)
    assert ended.returncode == 0 and "Traceback" not in ended.stderr, ended.stderr
    assert {path.name for path in tmp_path.iterdir()} - {"a.gif"} == {"bundle"}
