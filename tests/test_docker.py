"""The Dockerfile: what can be tried without Docker. Nothing here builds the image."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import pytest

from tests.program import PATIENCE, ROOT, program
from tests.test_package import build, contents
from tests.tiny_bundle import make_bundle

LINES = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
STEPS = [tuple(line.split(" ", 1)) for line in LINES if line and not line.startswith("#")]
"""Instructions and their arguments."""


def arguments(instruction: str) -> list[str]:
    return [rest for name, rest in STEPS if name == instruction]


def copied() -> list[str]:
    """Files and folders of the checkout that the image takes."""
    return [name for rest in arguments("COPY") if not rest.startswith("--") for name in rest.split()[:-1]]


def ignored(path: str) -> bool:
    """As Docker reads .dockerignore: the last pattern that fits a path or a folder above it decides."""
    one = PurePosixPath(path)
    above = [one, *one.parents][:-1]
    left_out = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern, wanted = line.removeprefix("!"), line.startswith("!")
        anywhere = pattern.startswith("**/")
        names = [part.name if anywhere else str(part) for part in above]
        if any(
            fnmatchcase(name, pattern.removeprefix("**/")) and name.count("/") <= pattern.count("/") for name in names
        ):
            left_out = not wanted
    return left_out


def test_what_it_copies_is_there_and_is_sent_to_docker() -> None:
    assert len(copied()) > 5
    for name in copied():
        assert (ROOT / name).exists() and not ignored(name), name
    for name in ("web/node_modules/a.js", "web/tests/golden.json", "runs/mine/a", ".git/config", "tests/program.py"):
        assert ignored(name), name
    assert ignored("tlgan_runtime/__pycache__/a.pyc") and not ignored("tlgan_runtime/cli/entry.py")


def test_the_last_stage_is_another_one_and_not_root() -> None:
    assert len(arguments("FROM")) == 2 and len({base.split()[0] for base in arguments("FROM")}) == 1
    assert arguments("COPY")[-1].startswith("--from=build ")
    assert not arguments("USER")[-1].startswith(("0", "root"))


@pytest.mark.slow
def test_the_wheel_of_what_it_copies_is_that_of_the_checkout(tmp_path: Path) -> None:
    context = tmp_path / "context"
    for name in copied():
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copyfile(ROOT / name, context / name)
        else:
            shutil.copytree(ROOT / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
    made = contents(build(context, "wheel", tmp_path / "copied"))
    assert made == contents(build(ROOT, "wheel", tmp_path / "whole"))
    assert re.search(r"pip install .*\.\[cpu,serve\]", arguments("RUN")[-1])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="containers are Linux")
def test_its_server_answers_its_health_check_and_ends_on_sigterm(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install -e '.[dev]'")
    (entry,), (health,) = arguments("ENTRYPOINT"), arguments("HEALTHCHECK")
    bundle, (name, *options) = make_bundle(tmp_path / "bundle"), json.loads(entry)
    assert name == "cheermeup" and arguments("EXPOSE") == ["8000"]
    command = program(*options, "--port", "0", "--json", "--bundle", str(bundle))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["url"].rpartition(":")[2]
        python, *check = json.loads(health.partition("CMD ")[2])
        check = [sys.executable, *(part.replace("8000", port).replace("=4", f"={PATIENCE}") for part in check)]
        assert python == "python" and subprocess.run(check, timeout=PATIENCE).returncode == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert subprocess.run(check, timeout=PATIENCE, capture_output=True).returncode == 1
    finally:
        process.kill()
        process.communicate()
