"""The limits of the runtime, for SECURITY.md; `docs/fill.py` puts them there."""

from __future__ import annotations

from tlgan_runtime.bundle import manifest
from tlgan_runtime.bundle.axes_json import MAX_DISTANCE
from tlgan_runtime.graphs import trial

MIB, GIB = 2**20, 2**30


def bundles() -> str:
    """What a bundle and its graphs may take."""
    limits = {
        "`manifest.json`": f"{manifest.MAX_MANIFEST_BYTES // MIB} MiB",
        "`axes.json`": f"{manifest.MAX_BYTES['axes'] // MIB} MiB",
        "each graph": f"{manifest.MAX_BYTES['generator'] // MIB} MiB",
        "each file of an unknown role": f"{manifest.MAX_OTHER_BYTES // MIB} MiB",
        "a latent": f"within {MAX_DISTANCE:g} standard deviations of the prior",
        "time of the graphs in `cheermeup verify`": f"{trial.SECONDS:g} seconds",
        "memory of the graphs in `cheermeup verify`": f"{trial.MEMORY // GIB} GiB, on Linux",
    }
    return "\n".join(["| what | limit |", "|---|---|", *(f"| {what} | {limit} |" for what, limit in limits.items())])
