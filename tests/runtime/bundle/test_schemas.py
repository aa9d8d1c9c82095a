"""Bundles of every schema that there has been: each loads for ever, and moves as it did."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.bundle.write import amend_bundle

SCHEMAS = {number: Path(__file__).parent / f"schema_{number}" for number in (1, 2)}
"""Tiny bundles that the version with that schema wrote. That of schema 1 has a method `guided`, which is gone."""
KEPT = np.array(
    [
        [1.7270939350128174, -2.112730026245117, 0.5963220596313477, -1.367570161819458, 2.259187698364258, 0.5413049],
        [-1.8221606016159058, 1.0897669792175293, 0.024737924337387085, -3.79891037940979, 3.187412261962, -0.35550064],
    ]
)
"""Two of their faces, moved to full joy while sadness is kept, by the version that wrote them."""


@pytest.mark.parametrize("number", SCHEMAS)
def test_a_bundle_moves_as_it_did(number: int) -> None:
    app = CheerMeUp(SCHEMAS[number], provider="cpu", threads=1)
    assert app.manifest.schema_version == number and app.methods == ["logit", "paper", "path"]
    assert app.drawn_characters == ["ada", "bo"] and app.attributes == ["hat"]
    z = app.sample(2, seed=1)
    np.testing.assert_allclose(app.move(z, {"joy": 1.0}, "path", keep=["sadness"]), KEPT, atol=1e-6)
    for method in app.methods:
        moved = app.move(z, {"joy": 0.8, "bo": 0.5, "hat": -0.4}, method)
        assert app.render(moved).shape == (2, 8, 8, 3) and (moved != z).any()
    assert "paths.onnx" in Bundle(SCHEMAS[number]).verify()


def test_a_bundle_of_schema_1_stays_one_when_it_is_amended(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(SCHEMAS[1], tmp_path / "copy"))
    amend_bundle(copy, {"MODEL_CARD.md": b"# Another\n"}, {"seen": 1})
    app = CheerMeUp(copy, provider="cpu", threads=1)
    assert app.manifest.schema_version == 1 and app.manifest.metrics == {"seen": 1}


@pytest.mark.parametrize("name", ["solo", "cast", None])
def test_no_graph_of_today_has_defaults_among_its_inputs(name: str | None, tmp_path: Path) -> None:
    """Any ONNX Runtime warns of them."""
    folder = Path(__file__).parents[3] / "exported" / name if name else make_bundle(tmp_path / "tiny", learned=True)
    for path in folder.glob("*.onnx"):
        graph = onnx.load(path).graph
        assert not {one.name for one in graph.input} & {one.name for one in graph.initializer}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert CheerMeUp(folder, provider="cpu", threads=1).manifest.schema_version == 2
