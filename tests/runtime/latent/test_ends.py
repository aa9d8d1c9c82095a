"""Ends of moves that a network finds for each face."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.tiny_bundle import EMOTIONS, PATH_LENGTH, axis_directions, make_bundle
from tlgan_runtime import BundleDamagedError, CheerMeUp, InputError
from tlgan_runtime.bundle.write import write_manifest
from tlgan_runtime.latent.centres import BetweenCentres, Centres, EndFinder, ToEnds, even_pace
from tlgan_runtime.latent.moves import Way, move
from tlgan_runtime.latent.sampling import sample

pytestmark = pytest.mark.numerical

CENTRES = Centres(2 * np.eye(3, 5), 4 * np.eye(3, 5), np.zeros(3), 2 * np.eye(3, 5), pace=even_pace(3))
WAY = np.arange(15.0).reshape(3, 5)
Z = sample(4, 5, seed=1)
NONE = np.zeros(3, bool)


def ends(z: np.ndarray, wanted: np.ndarray, kept: np.ndarray = NONE) -> np.ndarray:
    return z.astype(np.float64)[:, None] + WAY


def motion(find: EndFinder = ends) -> ToEnds:
    return ToEnds(("a", "b", "c"), np.eye(3, 5), np.ones(3), CENTRES, find, keeps=True)


def test_faces_go_to_their_own_ends_and_part_of_the_way() -> None:
    np.testing.assert_allclose(move(Z, motion(), np.array([0.0, 1.0, 0.0])), Z + WAY[1], atol=1e-5)
    np.testing.assert_allclose(move(Z, motion(), np.array([0.0, 0.25, 0.0])), Z + WAY[1] / 4, atol=1e-5)
    blend = move(Z, motion(), np.array([0.0, 0.5, 0.5]))
    np.testing.assert_allclose(blend, Z + WAY[1:].mean(axis=0), atol=1e-5)
    each = move(Z[:2], motion(), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.5]]))
    np.testing.assert_allclose(each, Z[:2] + np.stack([WAY[0], WAY[2] / 2]), atol=1e-5)


def test_no_strength_moves_nothing_and_less_needs_no_ends() -> None:
    def never(z: np.ndarray, wanted: np.ndarray, kept: np.ndarray) -> np.ndarray:
        raise AssertionError("there is no end to find")

    unasked = motion(never)
    assert move(Z, unasked, np.zeros(3)).tobytes() == Z.tobytes()
    by_centres = BetweenCentres(unasked.names, unasked.directions, unasked.lengths, CENTRES)
    less = np.array([-1.0, 0.0, 0.0])
    np.testing.assert_array_equal(move(Z, unasked, less), move(Z, by_centres, less))


def test_a_way_finds_its_ends_once_and_only_when_it_needs_them() -> None:
    asked = []

    def find(z: np.ndarray, wanted: np.ndarray, kept: np.ndarray) -> np.ndarray:
        asked.append(wanted.tolist())
        return ends(z, wanted) + 9 * kept[2]

    faces, both = Z.copy(), np.array([True, True, False])
    way = Way(faces, motion(find), both)
    for less in (0.0, -0.5):
        way.at(np.array([less, 0.0, 0.0]))
    assert asked == []
    halves = [way.at(np.array([share, 0.0, 0.0])) for share in (0.5, 1.0)]
    way.at(np.array([0.0, 1.0, 0.0]))
    assert asked == [both.tolist()]
    faces += 1  # the caller's array is not what moves
    np.testing.assert_array_equal(way.at(np.array([0.5, 0.0, 0.0])), halves[0])
    kept = Way(Z, motion(find), both, np.array([False, False, True]))
    np.testing.assert_allclose(kept.at(np.array([1.0, 0.0, 0.0])), Z + WAY[0] + 9, atol=1e-5)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "learned", learned=True)


def test_a_bundle_finds_ends_with_its_graphs(learned: Path) -> None:
    app = CheerMeUp(learned, threads=1)
    assert "path" in app.methods
    z, joy = app.sample(5, seed=3), EMOTIONS.index("joy")
    moved = app.move(z, {"joy": 1.0}, method="path")
    np.testing.assert_allclose(moved, z + PATH_LENGTH * axis_directions(7, 8)[joy], atol=1e-5)
    before, after = (app.classify(app.render(latents)).emotion[:, joy] for latents in (z, moved))
    assert (after > before).all()
    again = pickle.loads(pickle.dumps(app)).move(z, {"joy": 1.0}, method="path")
    np.testing.assert_array_equal(again, moved)
    frames = list(app.walk(z, "joy", steps=3, method="path"))
    np.testing.assert_array_equal(frames[0], app.render(z))
    np.testing.assert_array_equal(frames[-1], app.render(moved))


def test_a_bundle_without_a_graph_or_with_one_unknown_has_its_other_methods(learned: Path, tmp_path: Path) -> None:
    facts = json.loads((learned / "manifest.json").read_text())
    kept = {key: facts[key] for key in facts.keys() - {"schema_version", "files"}}

    def without(folder: Path, default: str) -> Path:
        make_bundle(folder, learned=True)
        document = json.loads((folder / "axes.json").read_text())
        document["methods"]["psychic"] = {**document["methods"]["path"], "ends": "crystal"}
        document["default"] = default
        (folder / "axes.json").write_text(json.dumps(document))
        if default == "psychic":
            (folder / "paths.onnx").unlink()
        write_manifest(folder, **kept)
        return folder

    assert CheerMeUp(without(tmp_path / "one", "path")).methods == ["path", "logit", "paper"]
    with pytest.raises(BundleDamagedError, match=r"default method 'psychic' .* role crystal"):
        CheerMeUp(without(tmp_path / "two", "psychic"))


def test_ends_need_centres(learned: Path, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "bundle", learned=True)
    document = json.loads((folder / "axes.json").read_text())
    del document["methods"]["path"]["centres"]
    (folder / "axes.json").write_text(json.dumps(document))
    facts = json.loads((folder / "manifest.json").read_text())
    with pytest.raises(BundleDamagedError, match=r"path\.ends must name a role, and needs centres"):
        write_manifest(folder, **{key: facts[key] for key in facts.keys() - {"schema_version", "files"}})


def test_ends_are_told_what_to_keep(learned: Path, tmp_path: Path) -> None:
    app = CheerMeUp(learned, threads=1)
    z, way = app.sample(3, seed=4), PATH_LENGTH * axis_directions(7, 8)[EMOTIONS.index("joy")]
    kept = app.move(z, {"joy": 1.0}, method="path", keep=["fear"])
    np.testing.assert_allclose(kept, z + 2 * way, atol=1e-5)
    np.testing.assert_allclose(app.move(z, {"joy": 1.0}, method="path", keep=["fear", "anger"]), z + 3 * way, atol=1e-5)
    frames = list(app.walk(z, "joy", steps=2, method="path", keep=["fear"]))
    np.testing.assert_array_equal(frames[-1], app.render(kept))
    frames = list(app.timeline(z, "start, joy@1s", method="path", keep=["fear"]))
    np.testing.assert_array_equal(frames[-1], app.render(kept))
    written = [tmp_path / name for name in ("free.png", "kept.png")]
    for path, keep in zip(written, ([], ["fear"]), strict=True):
        app.gif(path, steps=2, faces=1, size=64, method="path", keep=keep)
    assert written[0].read_bytes() != written[1].read_bytes()
    with pytest.raises(InputError, match="cannot keep joy"):
        app.walk(z, "joy", keep=["joy"])


def rewritten(folder: Path, document: dict) -> CheerMeUp:
    """The bundle with other axes."""
    (folder / "axes.json").write_text(json.dumps(document), encoding="utf-8")
    facts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    write_manifest(folder, **{key: facts[key] for key in facts.keys() - {"schema_version", "files"}})
    return CheerMeUp(folder, threads=1)


def test_a_bundle_from_before_ends_could_keep_anything_still_works(learned: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(learned, old)
    graph = onnx.load(old / "paths.onnx")
    graph.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros(len(EMOTIONS), np.float32), "keep"))
    del graph.graph.input[1]  # the initializer of that name stays: a constant
    onnx.save(graph, old / "paths.onnx")
    document = json.loads((old / "axes.json").read_text(encoding="utf-8"))
    app = rewritten(old, document)
    z = app.sample(3)
    with pytest.raises(BundleDamagedError, match="no setting 'keep'"):
        app.move(z, {"joy": 1.0}, method="path")
    del document["methods"]["path"]["keeps"]
    app = rewritten(old, document)
    joy, fear = (axis_directions(7, 8)[EMOTIONS.index(name)] for name in ("joy", "fear"))
    held = app.move(z, {"joy": 1.0}, method="path", keep=["fear"])
    np.testing.assert_allclose(held, z + PATH_LENGTH * joy, atol=1e-5)
    assert abs((held - z) @ fear).max() < 1e-5
    document["methods"]["path"]["keeps"] = 1
    with pytest.raises(BundleDamagedError, match=r"path\.keeps must be true or false"):
        rewritten(old, document)
