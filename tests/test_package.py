"""What is in the archives that the package is published as."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "tlgan_runtime", "tlgan_train", "exported", "web", "tests", "benchmarks", "docs", "examples", ".ci", ".github",
)  # fmt: skip
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "sdist", tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


def build(project: Path, kind: str, into: Path) -> Path:
    pytest.importorskip("hatchling", reason="hatchling is not installed: pip install -e '.[dev]'")
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(into)]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    (built,) = (path for path in into.iterdir() if path.name != ".gitignore")
    return built


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_source_archive_holds_all_that_tests_need_and_builds_the_same_wheel(
    source_archive: Path, wheel: Path, tmp_path: Path
) -> None:
    with tarfile.open(source_archive) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    for folder in FOLDERS:
        assert files(unpacked / folder) == files(ROOT / folder), folder
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Dockerfile", ".dockerignore"):
        assert (unpacked / name).read_bytes() == (ROOT / name).read_bytes()
    assert contents(build(unpacked, "wheel", tmp_path / "again")) == contents(wheel)


def files(folder: Path) -> dict[str, int]:
    """Path -> bytes, without caches."""
    found = {path.relative_to(folder): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    cached = re.compile(r"__pycache__|\..*")
    return {path.as_posix(): size for path, size in found.items() if not any(map(cached.fullmatch, path.parts))}


def test_the_wheel_holds_types_bundles_page_and_hooks_and_no_tests(wheel: Path) -> None:
    names = set(contents(wheel))
    assert {"tlgan_runtime/py.typed", "tlgan_runtime/__pyinstaller/hook-tlgan_runtime.py"} <= names
    assert {f"tlgan_runtime/exported/{name}/manifest.json" for name in ("solo", "cast")} <= names
    assert {f"tlgan_runtime/web/{name}" for name in ("page/index.html", "page/worker.js", "src/index.js")} <= names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tlgan_runtime", "tlgan_train"}


def test_the_metadata_asks_for_no_library_of_training(wheel: Path) -> None:
    name = next(name for name in contents(wheel) if name.endswith("/METADATA"))
    required = BytesParser().parsebytes(contents(wheel)[name]).get_all("Requires-Dist") or []
    always = {required_name(one) for one in required if "extra ==" not in one}
    training = {required_name(one) for one in required if "extra == 'train'" in one}
    assert {"numpy", "pillow"} <= always and "torch" in training and not always & training


def required_name(requirement: str) -> str:
    return re.split("[^a-z0-9-]", requirement)[0]
