"""A tiny bundle for the programs in `examples/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture(scope="session")
def editor(bundle: Path) -> CheerMeUp:
    return CheerMeUp(bundle, threads=1)
