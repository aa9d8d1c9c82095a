"""Bytes that an installation takes, by distribution, as their own records of files say. Writes `results/size.json`.

python benchmarks/installed_size.py NAME PYTHON [NAME PYTHON ...]

each PYTHON being that of a fresh virtual environment into which NAME was installed, for example
`runtime` after `pip install ".[cpu]"` and `torch` after `pip install torch`. pip and setuptools do not count.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).with_name("results")
SCRIPT = """
import json, os
from importlib.metadata import distributions
sizes = {}
for distribution in distributions():
    paths = {os.path.realpath(distribution.locate_file(file)) for file in distribution.files or ()}
    sizes[distribution.metadata["Name"]] = sum(os.path.getsize(path) for path in paths if os.path.isfile(path))
print(json.dumps(sizes))
"""


def main() -> None:
    facts = {}
    for name, python in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        told = subprocess.run([python, "-I", "-c", SCRIPT], check=True, capture_output=True, text=True).stdout
        sizes = {key: size for key, size in json.loads(told).items() if key not in ("pip", "setuptools")}
        facts[name] = {"bytes": sum(sizes.values()), "distributions": dict(sorted(sizes.items()))}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "size.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
