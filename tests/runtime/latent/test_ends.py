"""Ends of moves that are found for each face: by a network, and by following a gradient."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.tiny_bundle import EMOTIONS, PATH_LENGTH, axis_directions, make_bundle
from tlgan_runtime import BundleDamagedError, CheerMeUp, InputError
from tlgan_runtime.bundle.write import write_manifest
from tlgan_runtime.latent.axes import AxisSet
from tlgan_runtime.latent.centres import Centres
from tlgan_runtime.latent.descent import ENOUGH, LONGEST, STEPS, Pull, follow
from tlgan_runtime.latent.motion import Way, move
from tlgan_runtime.latent.sampling import sample

pytestmark = pytest.mark.numerical

SLOPES, PEOPLE = 3 * np.eye(3, 5), 2 * np.eye(5)[3:]
CENTRES = Centres(
    2 * np.eye(3, 5), 4 * np.eye(3, 5), np.zeros(3), 2 * np.eye(3, 5), pace=np.tile([0.0, 1.0], (3, 3, 1))
)
WAY = np.arange(15.0).reshape(3, 5)
Z = sample(4, 5, seed=1)
NONE = np.zeros(3, bool)


def ends(z: np.ndarray, wanted: np.ndarray, kept: np.ndarray = NONE) -> np.ndarray:
    return z.astype(np.float64)[:, None] + WAY


def axes() -> AxisSet:
    eye = np.eye(3, 5)
    return AxisSet(
        "path", ("a", "b", "c"), eye, np.zeros(3), np.ones(3), False, {}, eye @ eye.T, CENTRES, "paths", ends
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def gradient(z: np.ndarray, emotion: np.ndarray, character: np.ndarray) -> Pull:
    """Of a reader whose logits are linear in z."""
    seen, who = softmax(z @ SLOPES.T), softmax(z @ PEOPLE.T)
    back = (seen * emotion.sum(axis=1, keepdims=True) - emotion) @ SLOPES
    back += (who * character.sum(axis=1, keepdims=True) - character) @ PEOPLE
    return Pull(back, seen, who)


def test_faces_go_to_their_own_ends_and_part_of_the_way() -> None:
    np.testing.assert_allclose(move(Z, axes(), np.array([0.0, 1.0, 0.0])), Z + WAY[1], atol=1e-5)
    np.testing.assert_allclose(move(Z, axes(), np.array([0.0, 0.25, 0.0])), Z + WAY[1] / 4, atol=1e-5)
    blend = move(Z, axes(), np.array([0.0, 0.5, 0.5]))
    np.testing.assert_allclose(blend, Z + WAY[1:].mean(axis=0), atol=1e-5)
    each = move(Z[:2], axes(), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.5]]))
    np.testing.assert_allclose(each, Z[:2] + np.stack([WAY[0], WAY[2] / 2]), atol=1e-5)


def test_no_strength_moves_nothing_and_less_needs_no_ends() -> None:
    def never(z: np.ndarray, wanted: np.ndarray, kept: np.ndarray) -> np.ndarray:
        raise AssertionError("there is no end to find")

    unasked = replace(axes(), find_ends=never)
    assert move(Z, unasked, np.zeros(3)).tobytes() == Z.tobytes()
    by_centres = replace(axes(), find_ends=None)
    less = np.array([-1.0, 0.0, 0.0])
    np.testing.assert_array_equal(move(Z, unasked, less), move(Z, by_centres, less))


def test_a_way_finds_its_ends_once_and_only_when_it_needs_them() -> None:
    asked = []

    def find(z: np.ndarray, wanted: np.ndarray, kept: np.ndarray) -> np.ndarray:
        asked.append(wanted.tolist())
        return ends(z, wanted) + 9 * kept[2]

    faces, both = Z.copy(), np.array([True, True, False])
    way = Way(faces, replace(axes(), find_ends=find), both)
    for less in (0.0, -0.5):
        way.at(np.array([less, 0.0, 0.0]))
    assert asked == []
    halves = [way.at(np.array([share, 0.0, 0.0])) for share in (0.5, 1.0)]
    way.at(np.array([0.0, 1.0, 0.0]))
    assert asked == [both.tolist()]
    faces += 1  # the caller's array is not what moves
    np.testing.assert_array_equal(way.at(np.array([0.5, 0.0, 0.0])), halves[0])
    kept = Way(Z, replace(axes(), find_ends=find), both, np.array([False, False, True]))
    np.testing.assert_allclose(kept.at(np.array([1.0, 0.0, 0.0])), Z + WAY[0] + 9, atol=1e-5)


def test_following_the_gradient_shows_the_emotion_and_keeps_the_character() -> None:
    begin, wanted = np.repeat(Z.astype(np.float64)[:, None], 3, axis=1), np.array([True, False, True])
    found = follow(Z, begin, wanted, NONE, 2, gradient)
    np.testing.assert_array_equal(found[:, 1], begin[:, 1])  # not asked for
    none = np.zeros((4, 3), np.float32), np.zeros((4, 2), np.float32)
    before = gradient(Z, *none)
    for emotion in (0, 2):
        after = gradient(found[:, emotion], *none)
        assert (after.emotion[:, emotion] > before.emotion[:, emotion]).all()
        assert after.emotion[:, emotion].mean() > 0.9
        np.testing.assert_allclose(after.character, before.character, atol=0.05)
    assert np.linalg.norm(found - begin, axis=2).max() <= (STEPS + 1) * LONGEST


def test_following_the_gradient_leaves_what_is_kept_and_takes_the_rest() -> None:
    half = np.zeros((2, 5), np.float32)
    half[:, :2] = 0.9  # as much of the first as of the second
    begin, wanted = np.repeat(half[:, None], 3, axis=1).astype(np.float64), np.array([False, False, True])
    held, free = (
        gradient(follow(half, begin, wanted, kept, 2, gradient)[:, 2], np.zeros((2, 3)), np.zeros((2, 2))).emotion
        for kept in (np.array([True, False, False]), NONE)
    )
    assert (free[:, 0] < 0.1).all() and (free[:, 2] > 0.8).all()
    assert (held[:, 0] > 0.35).all() and (held[:, 2] > 0.35).all()


def test_faces_that_are_there_already_stay() -> None:
    there = np.zeros((2, 5), np.float32)
    there[:, 0] = 9
    assert (gradient(there, np.zeros((2, 3)), np.zeros((2, 2))).emotion[:, 0] > ENOUGH).all()
    begin = np.repeat(there.astype(np.float64)[:, None], 3, axis=1)
    np.testing.assert_allclose(
        follow(there, begin, np.array([True, False, False]), NONE, 2, gradient), begin, atol=1e-6
    )


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "learned", learned=True)


def test_a_bundle_finds_ends_with_its_graphs(learned: Path) -> None:
    app = CheerMeUp(learned, threads=1)
    assert {"path", "guided"} <= set(app.methods)
    z, joy = app.sample(5, seed=3), EMOTIONS.index("joy")
    straight = app.move(z, {"joy": 1.0}, method="path")
    np.testing.assert_allclose(straight, z + PATH_LENGTH * axis_directions(7, 8)[joy], atol=1e-5)
    guided = app.move(z, {"joy": 1.0}, method="guided")
    seen = [app.classify(app.render(moved)).emotion[:, joy] for moved in (z, straight, guided)]
    assert (seen[1] > seen[0]).all() and (seen[2] >= seen[1] - 1e-3).all() and seen[2].mean() > seen[1].mean() + 0.02
    again = pickle.loads(pickle.dumps(app)).move(z, {"joy": 1.0}, method="guided")
    np.testing.assert_array_equal(again, guided)
    frames = list(app.walk(z, "joy", steps=3, method="guided"))
    np.testing.assert_array_equal(frames[0], app.render(z))
    np.testing.assert_array_equal(frames[-1], app.render(guided))


def test_a_bundle_without_a_graph_or_with_one_unknown_has_its_other_methods(learned: Path, tmp_path: Path) -> None:
    facts = json.loads((learned / "manifest.json").read_text())
    kept = {key: facts[key] for key in facts.keys() - {"schema_version", "files"}}

    def without(folder: Path, default: str) -> Path:
        make_bundle(folder, learned=True)
        document = json.loads((folder / "axes.json").read_text())
        document["methods"]["psychic"] = {**document["methods"]["path"], "ends": "crystal"}
        document["default"] = default
        (folder / "axes.json").write_text(json.dumps(document))
        (folder / "gradient.onnx").unlink()
        write_manifest(folder, **kept)
        return folder

    assert CheerMeUp(without(tmp_path / "one", "path")).methods == ["path", "logit", "paper"]
    with pytest.raises(BundleDamagedError, match=r"default method 'guided' .* role gradient"):
        CheerMeUp(without(tmp_path / "two", "guided"))


def test_ends_need_centres(learned: Path, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "bundle", learned=True)
    document = json.loads((folder / "axes.json").read_text())
    del document["methods"]["path"]["centres"]
    (folder / "axes.json").write_text(json.dumps(document))
    facts = json.loads((folder / "manifest.json").read_text())
    with pytest.raises(BundleDamagedError, match=r"path\.ends must name a role, beside centres"):
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
    del graph.graph.input[1]  # the initializer of that name stays: a constant
    onnx.save(graph, old / "paths.onnx")
    document = json.loads((old / "axes.json").read_text(encoding="utf-8"))
    app = rewritten(old, document)
    z = app.sample(3)
    with pytest.raises(BundleDamagedError, match="no setting 'keep'"):
        app.move(z, {"joy": 1.0}, method="path")
    for name in ("path", "guided"):
        del document["methods"][name]["keeps"]
    app = rewritten(old, document)
    joy, fear = (axis_directions(7, 8)[EMOTIONS.index(name)] for name in ("joy", "fear"))
    held = app.move(z, {"joy": 1.0}, method="path", keep=["fear"])
    np.testing.assert_allclose(held, z + PATH_LENGTH * joy, atol=1e-5)
    assert abs((held - z) @ fear).max() < 1e-5
    document["methods"]["path"]["keeps"] = 1
    with pytest.raises(BundleDamagedError, match=r"path\.keeps must be true or false"):
        rewritten(old, document)
