"""The whole command `cheermeup gif --emotion joy --steps 30` from a cold start, beside what a user would do without it.

The same animation by `plain_gif.py` (onnxruntime and imageio, torch and imageio), and the bare import of numpy and
onnxruntime that no such program can do without, as processes that alternate in one run; for eight faces, which is what
the command draws, and for one. Writes `results/cold_start.json`: median seconds of wall and CPU time, ratios of either
(other work on the machine changes the latter less), and peak memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlgan_runtime.bundle.find import find_bundle

ROUNDS = 5
OURS = ["-m", "tlgan_runtime.cli", "gif", "--emotion", "joy", "--steps", "30", "--quiet"]
HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="CPU time of one child is not known here")
def test_cold_start(tmp_path: Path) -> None:
    network = tmp_path / "network.pt"
    # In a process of its own: children count the memory of this one as theirs, so torch has to stay out of it.
    run([str(HERE / "network_of_bundle.py"), str(find_bundle()), str(network)])
    programs = {
        "bare_import": ["-c", "import numpy, onnxruntime"],
        "help": ["-m", "tlgan_runtime.cli", "gif", "--help"],
    }
    for faces, suffix in ((8, ""), (1, "_one_face")):
        plain = [str(HERE / "plain_gif.py"), str(find_bundle())]
        programs |= {
            f"ours{suffix}": [*OURS, "--faces", str(faces), "-o", str(tmp_path / f"ours{suffix}.gif")],
            f"plain{suffix}": [*plain, str(tmp_path / f"plain{suffix}.gif"), str(faces)],
            f"torch{suffix}": [*plain, str(tmp_path / f"torch{suffix}.gif"), str(faces), str(network)],
        }
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, arguments in programs.items():
            times[name].append(run(arguments))
    beside = {f"{way}{suffix}": f"ours{suffix}" for way in ("plain", "torch") for suffix in ("", "_one_face")}
    for name, ours in beside.items():
        assert same_picture(tmp_path / f"{name}.gif", tmp_path / f"{ours}.gif")
    wall, cpu, memory = (
        {name: float(np.median([one[kind] for one in of])) for name, of in times.items()} for kind in range(3)
    )
    facts = {
        "rounds": ROUNDS,
        "cpus": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "versions": {name: version(name) for name in ("numpy", "onnxruntime", "pillow", "torch")},
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        # Small ones count the memory of this process, as it was when they were started.
        "peak_mib": {name: memory[name] for name in programs if name not in ("bare_import", "help")},
        **{
            f"{kind}_ratio_to_bare_import": {name: of[name] / of["bare_import"] for name in programs}
            for kind, of in (("cpu", cpu), ("wall", wall))
        },
        **{
            f"{kind}_ratio_to_ours": {name: of[name] / of[ours] for name, ours in beside.items()}
            for kind, of in (("cpu", cpu), ("wall", wall))
        },
        "bytes": {path.stem: path.stat().st_size for path in sorted(tmp_path.glob("*.gif"))},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "cold_start.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


def run(arguments: list[str]) -> tuple[float, float, float]:
    """Wall and CPU seconds of a Python process, and its peak memory in MiB."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    # What pip installs is compiled beforehand, and so is what runs for a second time, unless this is set.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    unit = 1 if sys.platform == "darwin" else 1024  # bytes in what the system counts in
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 2**20


def same_picture(one: Path, other: Path) -> bool:
    """Whether the first frames of two animations show the same, but for their palettes."""
    with Image.open(one) as first, Image.open(other) as second:
        pair = [np.asarray(image.convert("RGB"), np.float64) for image in (first, second)]
    return pair[0].shape == pair[1].shape and float(np.abs(pair[0] - pair[1]).mean()) < 5
