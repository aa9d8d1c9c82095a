"""The revision names a commit only where the package runs from a checkout of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tlgan_train import revision

RELEASE = version("cheermeup")
OURS = '[project]\nname = "cheermeup"\n'


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org", "-c", "commit.gpgsign=false"]
    found = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return found.stdout.strip()


def repository(folder: Path, project: str) -> str:
    """A repository with everything in `folder` but `.venv`; its commit."""
    (folder / "pyproject.toml").write_text(project)
    (folder / ".gitignore").write_text(".venv\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "Start")
    return git(folder, "rev-parse", "--short=12", "HEAD")


def package(parent: Path) -> Path:
    """A copy of the module as `parent/tlgan_train/revision.py`."""
    file = parent / "tlgan_train" / "revision.py"
    file.parent.mkdir(parents=True)
    shutil.copy(revision.__file__, file)
    return file


def revision_of(file: Path, *options: str, **variables: str) -> str:
    """What a fresh interpreter says of the copy of the module in `file`."""
    code = f"import runpy; print(runpy.run_path({str(file)!r})['code_revision']())"
    found = subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True, text=True, check=True, env={**os.environ, **variables},
    )  # fmt: skip
    return found.stdout.strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("project", ['[project]\nname = "game"\n', OURS])
def test_installed_in_a_repository_of_the_user_it_has_no_commit(home: Path, project: str) -> None:
    file = package(home / ".venv" / "lib" / "site-packages")
    repository(home, project)
    assert revision_of(file) == RELEASE


def test_copied_into_a_repository_of_the_user_it_has_no_commit(home: Path) -> None:
    file = package(home)
    repository(home, '[project]\nname = "game"\n')
    assert revision_of(file) == RELEASE


def test_in_a_checkout_of_its_own_it_has_the_commit_and_says_if_files_changed(home: Path) -> None:
    file = package(home)
    commit = repository(home, OURS)
    assert revision_of(file) == f"{RELEASE}+{commit}"
    (home / "pyproject.toml").write_text(OURS + "# changed\n")
    assert revision_of(file) == f"{RELEASE}+{commit}-dirty"


def test_a_hook_of_another_repository_does_not_change_it(home: Path, tmp_path: Path) -> None:
    file = package(home)
    commit = repository(home, OURS)
    other = tmp_path / "other"
    other.mkdir()
    repository(other, OURS)
    assert revision_of(file, GIT_DIR=str(other / ".git"), GIT_WORK_TREE=str(other)) == f"{RELEASE}+{commit}"


def test_without_an_installation_or_git_there_still_is_a_revision(home: Path) -> None:
    file = package(home)
    assert revision_of(file, "-S", PYTHONPATH="", PATH="") == "unknown"
