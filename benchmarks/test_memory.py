"""Resident memory of one process over 10,000 calls that draw and move faces. Writes `results/memory.json`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tlgan_runtime import CheerMeUp

CALLS, WARM_UP = 10_000, 500
RESULTS = Path(__file__).with_name("results")
STATUS = Path("/proc/self/statm")


@pytest.mark.skipif(not STATUS.exists(), reason="resident memory is not known here")
def test_growth() -> None:
    app = CheerMeUp(provider="cpu")
    z = app.sample(1)
    resident: list[float] = []
    for call in range(CALLS + WARM_UP):
        app.render(app.move(z, {app.emotions[call % len(app.emotions)]: call % 11 / 10}))
        if call + 1 == WARM_UP or call + 1 == CALLS + WARM_UP:
            resident.append(int(STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20)
    facts = {"calls": CALLS, "resident_mib": resident, "growth_mib": resident[1] - resident[0]}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "memory.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))
