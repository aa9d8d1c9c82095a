"""What SECURITY.md promises in numbers."""

from __future__ import annotations

from tests.benchmark_scripts import page
from tlgan_runtime import manifest, trial
from tlgan_runtime.axes import MAX_DISTANCE

MIB = 2**20


def test_the_limits_are_those_of_the_code() -> None:
    text = " ".join(page("SECURITY.md").split())
    sizes = (manifest.MAX_MANIFEST_BYTES, manifest.MAX_BYTES["axes"], manifest.MAX_BYTES["generator"])
    for size in (*sizes, manifest.MAX_OTHER_BYTES):
        assert f"{size // MIB} MiB" in text
    assert f"{trial.SECONDS:g} seconds" in text and f"{trial.MEMORY // 2**30} GiB of memory" in text
    assert f"within {MAX_DISTANCE:g} standard deviations" in text
