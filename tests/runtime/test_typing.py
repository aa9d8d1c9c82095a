"""The types of the public interface: what they allow works, and what they forbid a type checker refuses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.typing_calls import errors, typical_calls

ROOT = Path(__file__).parents[2]
CALLS = ROOT / "tests" / "typing_calls.py"
IGNORED = re.compile(r"  # type: ignore\[([\w-]+)\]")


@pytest.mark.slow
def test_typical_calls_work(bundle: Path, tmp_path: Path) -> None:
    typical_calls(bundle, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"a.gif", "b.png", "c.webp", "d.png"}
    assert "no bundle at" in errors(str(tmp_path / "nothing"))


@pytest.mark.slow
def test_a_type_checker_refuses_each_wrong_call(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed: pip install -e '.[dev]'")
    text = CALLS.read_text(encoding="utf-8")
    wrong = {
        (number, found[1])
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := IGNORED.search(line)) is not None
    }
    unmarked = tmp_path / "calls.py"
    unmarked.write_text(IGNORED.sub("", text), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(unmarked)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    refused = {(int(line), code) for line, code in re.findall(r"calls\.py:(\d+): error: .*\[([\w-]+)\]", run.stdout)}
    assert refused == wrong and len(wrong) > 20, run.stdout + run.stderr
