"""One tiny bundle for all runtime tests, and a writable copy for those that break it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture
def broken(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "broken"))


@pytest.fixture(scope="session")
def editor(bundle: Path) -> CheerMeUp:
    return CheerMeUp(bundle, threads=1)
