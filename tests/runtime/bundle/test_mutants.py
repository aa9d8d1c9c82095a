"""Hundreds of bundles changed at random; benchmarks/reliability tries thousands of them in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmark_scripts import made_by


def test_changed_files_work_or_are_refused_in_one_line(tmp_path: Path) -> None:
    found = made_by("reliability/mutated_files.py")["run"](150, 11, tmp_path)
    assert found["failures"] == []
    for kind in ("manifest", "axes", "archive"):
        assert {f"{kind}: works", f"{kind}: refused, BundleDamagedError"} <= found["outcomes"].keys()


@pytest.mark.slow
def test_changed_graphs_work_or_are_refused_in_one_line(tmp_path: Path) -> None:
    found = made_by("reliability/mutated_graphs.py")["run"](200, 12, tmp_path, seconds=20.0)
    assert found["failures"] == []
    assert {"works", "refused: onnxruntime cannot load it", "refused: gives what it should not"} <= found[
        "outcomes"
    ].keys()
