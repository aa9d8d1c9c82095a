"""What SECURITY.md promises in numbers."""

from __future__ import annotations

from tests.benchmark_scripts import page, results
from tlgan_runtime.bundle import manifest
from tlgan_runtime.bundle.axes_json import MAX_DISTANCE
from tlgan_runtime.graphs import trial

MIB = 2**20


def test_its_figures_are_those_of_the_code_and_of_the_run() -> None:
    text = " ".join(page("SECURITY.md").split())
    sizes = (manifest.MAX_MANIFEST_BYTES, manifest.MAX_BYTES["axes"], manifest.MAX_BYTES["generator"])
    for size in (*sizes, manifest.MAX_OTHER_BYTES):
        assert f"{size // MIB} MiB" in text
    assert f"{trial.SECONDS:g} seconds" in text and f"{trial.MEMORY // 2**30} GiB of memory" in text
    found = results("reliability/mutated_graphs")
    ended = {kind: count for kind, count in found["outcomes"].items() if kind.startswith("ended")}
    late = ended.pop("ended by the limit of time, found by verify", 0)
    assert all(kind.endswith(", found by verify") for kind in ended)
    assert f"Of {found['cases']} graphs" in text and f"{late} did not end" in text
    assert f"{sum(ended.values())} brought down version {found['versions']['onnxruntime']}" in text
    assert f"within {MAX_DISTANCE:g} standard deviations" in text
