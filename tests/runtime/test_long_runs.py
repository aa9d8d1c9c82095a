"""The long runs of `benchmarks/reliability`, in short, and whether they would notice what they look for."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.benchmark_scripts import made_by
from tlgan_runtime import CheerMeUp

needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory and files are read from /proc")


@needs_proc
@pytest.mark.slow
def test_memory_and_open_files_do_not_grow(tmp_path: Path) -> None:
    found = made_by("reliability/soak.py")["run"](500, seed=0, openings=20, folder=tmp_path)
    assert found["failures"] == [] and found["outcomes"] == {"renders: flat": 500, "openings: flat": 20}


@needs_proc
def test_a_leak_is_noticed() -> None:
    soak = made_by("reliability/soak.py")
    trend = soak["trend"]
    kept: list[Any] = []

    def leak(_: int) -> None:  # pages of its own: what malloc has from before would show no growth
        kept.append(mmap.mmap(-1, 2**21))
        kept[-1].write(b"x" * 2**21)

    grows = trend(leak, 20)
    assert grows["growth_mib"] > soak["MAX_GROWTH_MIB"]
    try:
        kept = []
        opens = trend(lambda _: kept.append(os.open(os.devnull, os.O_RDONLY)), 10)
    finally:
        for descriptor in kept:
            os.close(descriptor)
    assert opens["open_files"][1] - opens["open_files"][0] == 10


@pytest.mark.slow
def test_threads_that_share_an_instance_get_what_one_gets(tmp_path: Path) -> None:
    found = made_by("reliability/threads.py")["run"](400, seed=0, threads=8, folder=tmp_path)
    assert found["failures"] == [] and found["cases"] == 400 and found["lost"] == 0
    assert set(found["outcomes"]) == {f"{kind}: equal" for kind in ("render", "move", "walk", "timeline", "classify")}


@pytest.mark.slow
def test_faces_of_another_thread_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = CheerMeUp.render

    def confused(self: CheerMeUp, z: np.ndarray) -> np.ndarray:
        before = vars(self).get("last", z)
        vars(self)["last"] = z
        return right(self, before if before.shape == z.shape else z)

    monkeypatch.setattr(CheerMeUp, "render", confused)
    found = made_by("reliability/threads.py")["run"](200, seed=0, threads=2, folder=tmp_path)
    assert found["lost"] > 0 and any("DIFFERS" in failure for failure in found["failures"])
