"""Installs the wheel with the oldest and the newest versions that `pyproject.toml` allows, uses it and runs its tests.

    python benchmarks/reliability/versions.py PYTHON [PYTHON ...] [--train]   # writes results/reliability/versions.json

Each PYTHON is an interpreter. `--train` adds the training extra and its tests, on the first one only. Where the oldest
version has no wheel for an interpreter, the oldest that has one is taken. Needs `uv` and `hatchling`
(`pip install uv hatchling`), a network, and with `--train` 12 GB on disk.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

WHAT = "the wheel with the oldest and the newest versions of its dependencies: installed, used, its tests run"
RESOLUTIONS = {"oldest": "lowest-direct", "newest": "highest"}
TOOLS = ["pytest", "pytest-benchmark", "hypothesis", "imageio", "imageio-ffmpeg", "onnx"]
"""What the tests need in addition, in the newest versions that go with the others."""
PASSED = "installed, used from another folder, all tests passed"
UV = [sys.executable, "-m", "uv", "--quiet"]


def run(pythons: list[str], folder: Path, train: bool = False) -> dict[str, Any]:
    """Tries all interpreters with either choice of versions, in `folder`."""
    start = time.perf_counter()
    source, wheel = _build(folder)
    halves = [(python, "runtime") for python in pythons] + ([(pythons[0], "train")] if train else [])
    runs = []
    for number, (python, half) in enumerate(halves):
        for choice in RESOLUTIONS:
            place = folder / f"{number}-{choice}"
            place.mkdir()
            runs.append(_try(python, half, choice, source, wheel, place))
            print(json.dumps(runs[-1]), flush=True)
            shutil.rmtree(place)
    return {
        "cases": len(runs),
        "outcomes": dict(Counter(one["outcome"] for one in runs)),
        "failures": [f"{one['python']}, {one['half']}, {one['choice']}: {one['outcome']}" for one in runs
                     if one["outcome"] != PASSED],
        "lost": 0,
        "seconds": round(time.perf_counter() - start, 1),
        "runs": runs,
    }  # fmt: skip


def _build(folder: Path) -> tuple[Path, Path]:
    """The unpacked source archive without its packages, and the wheel that was built from it."""
    hatch = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder / "dist"), "--target"]
    subprocess.run([*hatch, "sdist"], cwd=ROOT, check=True)
    (archive,) = (folder / "dist").glob("*.tar.gz")
    shutil.unpack_archive(archive, folder / "source", filter="data")
    (source,) = (folder / "source").iterdir()
    subprocess.run([*hatch, "wheel"], cwd=source, check=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    for package in ("tlgan_runtime", "tlgan_train"):  # so that tests import what is installed
        shutil.rmtree(source / package)
    return source, wheel


def _try(python: str, half: str, choice: str, source: Path, wheel: Path, place: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {"half": half, "choice": choice}
    start = time.perf_counter()
    try:
        subprocess.run([*UV, "venv", "--python", python, place / "venv"], check=True)
        (place / "elsewhere").mkdir()
        own = next(path for path in (place / "venv").glob("*/python*") if path.stem == "python")
        install = [*UV, "pip", "install", "--python", str(own)]
        wheels = ["--only-binary", ":all:"]
        subprocess.run([*install, *wheels, "--resolution", RESOLUTIONS[choice], *_requirements(half)], check=True)
        installed = _output([*UV, "pip", "freeze", "--python", str(own)])
        (place / "constraints.txt").write_text(installed, encoding="utf-8")
        subprocess.run([*install, "--no-deps", str(wheel)], check=True)
        facts["python"] = _output([str(own), "-c", "import platform; print(platform.python_version())"]).strip()
        named = {re.split("[^a-z0-9-]", requirement)[0] for requirement in _requirements(half)}
        found = dict(line.split("==") for line in installed.splitlines())
        facts["distributions"] = {name: version for name, version in found.items() if name in named}
        if half == "runtime":
            runpy.run_path(str(ROOT / ".ci" / "use_wheel.py"))["use"](own, place / "elsewhere")
        subprocess.run([*install, *wheels, "-c", str(place / "constraints.txt"), *TOOLS], check=True)
        tests = [str(own), "-m", "pytest", f"tests/{half}", "-q", "-p", "no:cacheprovider"]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        tested = subprocess.run(tests, cwd=source, env=environment, capture_output=True, text=True)
        facts["tests"] = tested.stdout.strip().splitlines()[-1]
        facts["outcome"] = PASSED if tested.returncode == 0 else "tests failed"
        if tested.returncode:
            print(tested.stdout, file=sys.stderr)
    except subprocess.CalledProcessError as error:
        facts["outcome"] = f"could not be installed or used: {error}"
    return facts | {"seconds": round(time.perf_counter() - start, 1)}


def _requirements(half: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras["cpu"], *(extras["train"] if half == "train" else [])]


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    from outcomes import record

    with tempfile.TemporaryDirectory() as temporary:
        pythons = [argument for argument in sys.argv[1:] if argument != "--train"]
        found = run(pythons or [sys.executable], Path(temporary), train="--train" in sys.argv[1:])
        sys.exit(record("versions", WHAT, found))
