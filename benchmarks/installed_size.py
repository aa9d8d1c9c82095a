"""Bytes of a distribution and all that it requires, as their own records of files say. Writes `results/size.json`.

python benchmarks/installed_size.py runtime "cheermeup[cpu]" PYTHON torch torch PYTHON imageio imageio PYTHON

each PYTHON being one into whose environment the requirement before it was installed by pip; it needs `packaging` there,
which ONNX Runtime brings. A program that draws with torch and writes a GIF, as `plain_gif.py`, needs the last two.
`bytes_without_cuda` leaves out what only serves an NVIDIA GPU: about what a build for CPUs takes, which PyPI does not
have of torch for Linux.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CUDA = ("nvidia-", "cuda-", "triton")
"""How names of distributions begin that only serve a GPU."""
RESULTS = Path(__file__).with_name("results")
SCRIPT = """
import json, os, sys
from importlib.metadata import distribution
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
sizes, waiting = {}, [Requirement(sys.argv[1])]
while waiting:
    wanted = waiting.pop()
    name = canonicalize_name(wanted.name)
    if name in sizes:
        continue
    found = distribution(name)
    paths = {os.path.realpath(found.locate_file(file)) for file in found.files or ()}
    size = {path: os.path.getsize(path) for path in paths if os.path.isfile(path)}
    words = ("cuda", "nvshmem", "nvrtc")
    gpu = sum(size[path] for path in size if any(word in os.path.basename(path) for word in words))
    sizes[name] = [sum(size.values()), gpu]
    for text in found.requires or ():
        requirement = Requirement(text)
        extras = [*wanted.extras, ""]
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            waiting.append(requirement)
print(json.dumps(sizes))
"""


def main() -> None:
    facts = {}
    for name, requirement, python in zip(sys.argv[1::3], sys.argv[2::3], sys.argv[3::3], strict=True):
        command = [python, "-I", "-c", SCRIPT, requirement]
        sizes = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        facts[name] = {
            "bytes": sum(size for size, _ in sizes.values()),
            "bytes_without_cuda": sum(size - gpu for one, (size, gpu) in sizes.items() if not one.startswith(CUDA)),
            "distributions": {one: size for one, (size, _) in sorted(sizes.items())},
        }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "size.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
