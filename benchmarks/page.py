"""How long visitors of a site wait, and what they load. Writes `results/page.json`.

python benchmarks/page.py        # needs Node, Chromium, and onnxruntime-web and playwright-core in node_modules

`page_visits.mjs` visits the site of the bundle `cast`, with each of its generators. The server compresses files with
gzip. Times are medians, in headless Chromium without a GPU, on the same machine as the server. `load` is how many
processes the machine had to run on average in the five minutes before.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from rows import markdown

from tlgan_runtime import CheerMeUp
from tlgan_runtime.site.write import write_site

RESULTS = Path(__file__).with_name("results")
MIB = 2**20
HEADS = {
    "generator": "generator",
    "first face": "first",
    "the same, 10 Mbit/s": "mobile",
    "next visit": "again",
    "slider to picture": "slider",
    "frames a second": "frames",
    "bytes, gzip": "gzip",
    "bytes, brotli": "brotli",
}


def processor() -> str:
    """The name of the processor, as Linux gives it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def measure(precision: str) -> dict[str, Any]:
    """What the script says about a site with this generator."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is not installed")
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        write_site(CheerMeUp("cast", precision=precision), site, precision=precision)
        command = ["node", str(Path(__file__).with_name("page_visits.mjs")), str(site), chromium]
        found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def table(facts: dict[str, Any]) -> str:
    """A row for each generator, and a line about the machine."""
    rows = [
        {
            "generator": {"auto": "float32", "int8": "int8"}[name],
            "first": one["first_face_ms"] / 1000,
            "mobile": one["mobile_first_face_ms"] / 1000,
            "again": one["again_ms"] / 1000,
            "slider": one["slider_ms"],
            "frames": one["frames_per_second"],
            "gzip": one["bytes"]["gzip"] / MIB,
            "brotli": one["bytes"]["brotli"] / MIB,
        }
        for name, one in facts["sites"].items()
    ]
    size, whole = "{:.1f} MiB", "{:.0f}"
    seconds = dict.fromkeys(("first", "mobile", "again"), "{:.1f} s")
    forms = {"generator": "{}", "slider": "{:.0f} ms", "frames": whole, "gzip": size, "brotli": size, **seconds}
    busy = f"; the machine was busy with other work (load {facts['load']:.1f})" if facts["load"] > 1 else ""
    return f"{markdown(HEADS, rows, forms)}\n\nMeasured on {facts['cores']} cores of an {facts['processor']}{busy}."


def main() -> None:
    load = os.getloadavg()[1]
    facts = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": load,
        "sites": {precision: measure(precision) for precision in ("auto", "int8")},
    }
    (RESULTS / "page.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(table(facts))


if __name__ == "__main__":
    main()
