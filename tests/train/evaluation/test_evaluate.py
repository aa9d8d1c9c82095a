"""Walks and samples judged: known answers with known arithmetic, and everything promised in a real run."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from commands import call
from painter import CHARACTER, CHARACTERS, EMOTIONS, FACTOR, LATENT_DIM, FullReader, Painter, bars

from tlgan_runtime.latent.motions import StraightLines
from tlgan_train.axes.samples import draw_latents, read_faces
from tlgan_train.cli.commands import main
from tlgan_train.data import export_folder
from tlgan_train.evaluation.document import read_evaluation
from tlgan_train.evaluation.edits import (
    WalkProgress,
    evaluate_axes,
    evaluate_characters,
    evaluate_distance,
    evaluate_morphing,
    random_lines,
)
from tlgan_train.evaluation.equal_success import at_equal_success, changes_at_equal_success
from tlgan_train.evaluation.generator import evaluate_generator
from tlgan_train.evaluation.parts import EmotionEdit, MethodResult
from tlgan_train.evaluation.verdicts import Verdicts

pytestmark = pytest.mark.numerical

ROOT = Path(__file__).parents[3]
DISTANCE = 5.0
Z, MORE = np.split(draw_latents(Painter(), 80, 0, "faces"), [60])


def judge_latents(z: np.ndarray) -> Verdicts:
    return Verdicts.of(read_faces(Painter(), FullReader(), z))


def lines(directions: np.ndarray, names: tuple[str, ...] = EMOTIONS, length: float = DISTANCE) -> StraightLines:
    return StraightLines(names, directions, np.full(len(directions), length), keep_norm=False)


def judged(axes: StraightLines) -> MethodResult:
    return walked(axes)[0]


def walked(axes: StraightLines) -> tuple[MethodResult, dict[str, WalkProgress]]:
    """All the axes on 60 faces and 20 more ends; as real pictures, faces of other latents."""
    others = judge_latents(draw_latents(Painter(), 300, 0, "real"))
    emotion = others.emotion.argmax(axis=1)
    return evaluate_axes(axes, np.concatenate([Z, MORE]), len(Z), 6, judge_latents, others, emotion, others, ["turn"])


@pytest.fixture(scope="module")
def along() -> MethodResult:
    """The first axis turns the head as well; the others move their emotion alone."""
    directions = np.eye(3, LATENT_DIM)
    directions[0, FACTOR] = 1
    directions[0] /= math.sqrt(2)
    return judged(lines(directions))


def test_axes_that_move_their_emotion_succeed_and_keep_the_character(along: MethodResult) -> None:
    assert list(along.emotions) == list(EMOTIONS)
    for name, edit in along.emotions.items():
        assert edit.character_kept.value == 1 and edit.monotone.value == 1
        assert edit.rank_correlation.value > 0.95
        assert edit.distance == pytest.approx(DISTANCE, rel=1e-5) and edit.end_norm > 1.5
        assert edit.kid_end > edit.kid_unmoved  # far outside the prior
        assert np.shape(edit.curves) == (3, 6)
        np.testing.assert_allclose(np.sum(edit.curves, axis=0), 1, atol=1e-5)
        own = edit.curves[EMOTIONS.index(name)]
        assert own[-1] == pytest.approx(edit.mean_end.value, abs=1e-6)
        assert len(edit.curve_quantiles.median) == 6
    assert along.emotions["joy"].success.value > 0.95
    # In logits, 10 up from a prior of standard deviation 2: nearly everybody arrives, and by known odds.
    start = 2 * Z[:, :3].astype(float)
    end = start + np.array([0, 2 * DISTANCE, 0])
    expected = (np.exp(end) / np.exp(end).sum(axis=1, keepdims=True))[:, 1].mean()
    assert along.emotions["joy"].mean_end.value == pytest.approx(expected, abs=0.005)


def test_leakage_is_measured_for_emotions_and_known_factors(along: MethodResult) -> None:
    for e, emotion in enumerate(EMOTIONS):
        change = np.array(along.leakage[emotion])
        assert change.sum() == pytest.approx(0, abs=1e-5)
        assert change[e] > 0.5 and (np.delete(change, e) < 0).all()
    assert along.factor_leakage["anger"]["turn"] == pytest.approx(DISTANCE / math.sqrt(2), rel=0.05)
    assert along.factor_leakage["joy"]["turn"] == pytest.approx(0, abs=1e-4)


def test_frames_that_fade_differ_from_frames_in_which_a_line_moves() -> None:
    def fading(z: np.ndarray) -> np.ndarray:
        shade = np.clip(np.round(100 + 10 * z[:, :1]), 0, 255).astype(np.uint8)
        return np.broadcast_to(shade[:, :, None, None], (len(z), 16, 16, 3))

    def moving(z: np.ndarray) -> np.ndarray:
        pictures = np.zeros((len(z), 16, 64, 3), np.uint8)
        pictures[np.arange(len(z)), :, np.clip(20 + np.round(3 * z[:, 0]), 0, 63).astype(int)] = 200
        return pictures

    axes = lines(np.eye(1, LATENT_DIM), ("joy",))
    assert evaluate_morphing(axes, Z, fading)["joy"] == pytest.approx(0, abs=0.02)
    assert evaluate_morphing(axes, Z, moving)["joy"] == pytest.approx(math.sqrt(3), abs=0.02)
    assert evaluate_morphing(axes, Z, lambda z: fading(0 * z)) == {"joy": 0.0}


def test_methods_are_compared_where_they_succeed_equally_often() -> None:
    """Two axes that turn the head equally much for the emotion, one of which goes half as far again."""
    directions = np.eye(3, LATENT_DIM)
    directions[:, FACTOR] = 1
    directions /= math.sqrt(2)
    near, far = lines(directions), lines(directions, length=1.5 * DISTANCE)
    (result, own), (_, other) = walked(far), walked(near)
    for longer, shorter in zip(own.values(), other.values(), strict=True):
        assert shorter.success[-1] < longer.success[-1]
        assert longer.change[-1] == pytest.approx(1.5 * shorter.change[-1], rel=1e-3)
    found = at_equal_success(own, other, ["turn"])
    assert list(found) == list(EMOTIONS)
    for emotion, progress in other.items():
        compared = found[emotion]
        assert compared.success == progress.success[-1] and compared.strengths[0] < compared.strengths[1]
        turned = np.array(compared.strengths) * [1.5, 1] * DISTANCE / math.sqrt(2)
        assert compared.factors["turn"] == pytest.approx(turned, rel=0.1)
    back = at_equal_success(other, own, ["turn"])
    assert back["joy"].factors["turn"] == found["joy"].factors["turn"][::-1]

    shipped = read_evaluation(ROOT / "exported" / "solo" / "evaluation.json")
    methods = {"far": replace(result, equal_success=found), "bare": result}
    evaluation = replace(shipped, methods=methods, judge=replace(shipped.judge, factor_noise={"turn": 1.0}))
    [change] = changes_at_equal_success(evaluation, "far")
    assert (change.factor, change.noise) == ("turn", 1.0)
    assert change.share == pytest.approx(math.sqrt((change.own**2 - 1) / (change.paper**2 - 1)))
    assert changes_at_equal_success(evaluation, "bare") == []


def test_an_emotion_that_a_method_never_reaches_is_not_compared() -> None:
    change = np.array([[0.0], [1.0]])
    never, all_there, half = (WalkProgress(success, change) for success in (np.zeros(2), None, np.array([0, 0.5])))
    assert at_equal_success({"joy": half}, {"joy": never}, ["turn"]) == {}
    assert at_equal_success({"joy": all_there}, {"joy": half}, ["turn"]) == {}


def test_a_method_is_measured_over_the_distance_of_another(along: MethodResult) -> None:
    axes, distances = lines(np.eye(3, LATENT_DIM)), np.array([DISTANCE, 1e-6, 2 * DISTANCE])
    found = evaluate_distance(axes, Z, judge_latents(Z), distances, judge_latents)
    assert [measured.distance for measured in found.values()] == distances.tolist()
    end = 2 * Z[:, :3].astype(float) + np.array([2 * DISTANCE, 0, 0])
    expected = (np.exp(end) / np.exp(end).sum(axis=1, keepdims=True))[:, 0].mean()
    assert found["anger"].mean_end.value == pytest.approx(expected, abs=0.005)
    assert found["joy"].success.value == 0  # of the faces that do not show it already
    assert found["sadness"].success.value == 1 and found["sadness"].mean_end.faces == len(Z)


def test_becoming_a_character_is_measured_with_what_stays_of_the_emotion() -> None:
    towards = np.array([[1.0], [-1.0]]) * np.eye(LATENT_DIM)[[CHARACTER, CHARACTER]]
    tilted = towards.copy()
    tilted[1] = np.eye(LATENT_DIM)[1] - np.eye(LATENT_DIM)[CHARACTER]
    for directions, kept in ((towards, 1.0), (tilted / np.linalg.norm(tilted, axis=1, keepdims=True), None)):
        found = evaluate_characters(lines(directions, CHARACTERS), [0, 1], Z, judge_latents(Z), judge_latents)
        assert list(found) == list(CHARACTERS)
        assert all(edit.success.value == 1 for edit in found.values())
        assert found["ada"].emotion_kept.value == 1
        assert found["ada"].already_there == pytest.approx((Z[:, CHARACTER] > 0).mean(), abs=0.05)
        kept_by_bo = found["bo"].emotion_kept.value
        assert kept_by_bo == kept if kept else kept_by_bo < 0.6


def test_random_directions_are_the_floor(along: MethodResult) -> None:
    like = lines(np.eye(3, LATENT_DIM))
    axes = random_lines(like, seed=4)
    np.testing.assert_allclose(np.linalg.norm(axes.directions, axis=1), 1)
    np.testing.assert_array_equal(axes.lengths, like.lengths)
    np.testing.assert_array_equal(axes.directions, random_lines(like, seed=4).directions)
    assert not np.allclose(axes.directions, random_lines(like, seed=5).directions)
    means = [np.mean([edit.mean_end.value for edit in result.emotions.values()]) for result in (judged(axes), along)]
    assert means[0] < means[1] - 0.2


def test_shares_and_nearest_pictures_of_a_generator() -> None:
    dataset = bars(count=10)
    train = dataset.indices("train")
    rng = np.random.default_rng(0)
    features = rng.normal(size=(len(train), 4)).astype(np.float32)
    one_hot = np.eye(3, dtype=np.float32)[dataset.emotion[train]], np.eye(2, dtype=np.float32)[dataset.character[train]]
    none = np.empty((len(train), 0), np.float32)
    real = Verdicts(features, *one_hot, none)
    order = rng.permutation(len(train))[:20]
    sure = np.where(np.arange(20)[:, None] < 5, 1.0, 0.6) * np.eye(3)[1] + np.where(np.arange(20) < 5, 0, 0.2)[:, None]
    drawn = Verdicts(features[order], sure, np.eye(2)[np.arange(20) % 2], none[:20])
    labels = np.where(np.arange(20) < 15, 1, 2)  # the judge reads joy in every sample
    unseen = rng.normal(size=(30, 4)).astype(np.float32)
    quality = evaluate_generator(dataset, real, drawn, train, labels, unseen)

    assert quality.classifier_agrees == 0.75
    assert quality.emotion_share == {"anger": 0, "joy": 1, "sadness": 0}
    assert quality.emotion_share_of_data == {name: pytest.approx(1 / 3) for name in EMOTIONS}
    assert quality.character_share == quality.character_share_of_data == dict.fromkeys(CHARACTERS, 0.5)
    assert quality.confident_share == pytest.approx(0.25)
    assert quality.nearest_training_pictures == train[order[:16]].tolist()  # copies are found out
    np.testing.assert_allclose(quality.nearest_distances, 0, atol=1e-3)
    assert quality.nearest_distance_between_real.median > 0.1
    assert quality.precision == quality.copying == 1
    assert evaluate_generator(dataset, real, drawn, train, labels, unseen[:0]).copying is None


def test_a_run_is_measured_with_every_method_on_every_emotion(run: Path) -> None:
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["emotions"] == list(EMOTIONS) and evaluation["characters"] == list(CHARACTERS)
    assert evaluation["drawn_characters"] == ["ada"] and evaluation["default"] == "path"
    assert (evaluation["faces"], evaluation["steps"]) == (6, 3)
    assert set(evaluation["methods"]) == {"boundary", "lda", "local", "logit", "paper", "path", "random"}
    assert not any("equal_success" in result for result in evaluation["methods"].values())  # no factors are known
    straight = {name for name, result in evaluation["methods"].items() if "same_distance" in result}
    assert straight == {"boundary", "lda", "logit", "paper", "random"}
    for name, result in evaluation["methods"].items():
        assert list(result["emotions"]) == list(result["leakage"]) == list(EMOTIONS)
        assert all(
            figures.keys() == {field.name for field in fields(EmotionEdit)} for figures in result["emotions"].values()
        )
        walked = 6 if name == evaluation["default"] else 2
        assert all(figures["mean_end"]["faces"] == walked for figures in result["emotions"].values())
    assert evaluation["judge"].keys() == {
        "emotion_accuracy",
        "character_accuracy",
        "ceiling",
        "factor_noise",
        "factor_r2",
    }
    assert 0 <= evaluation["generator"]["classifier_agrees"] <= 1
    assert len(evaluation["generator"]["nearest_training_pictures"]) == 16
    assert "NaN" not in (run / "evaluation.json").read_text()


@pytest.mark.slow
def test_measuring_again_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    before = (copy / "evaluation.json").read_bytes()
    (copy / "evaluation.json").unlink()
    assert call(main, "evaluate", "--run", copy).code == 0
    assert (copy / "evaluation.json").read_bytes() == before


@pytest.mark.slow
def test_a_bundle_is_measured_by_the_judge_of_any_run_on_its_pictures(
    run: Path, small_options: list[str], tmp_path: Path
) -> None:
    """Its graphs draw what the run's networks do, so both find the same, but for a level of some pixel."""
    judges = tmp_path / "judges"
    outcome = call(main, "evaluate", "--bundle", run / "bundle", "--run", judges, *small_options)
    assert outcome.code == 0, outcome.err
    product = judges / "evaluation-bundle.json"
    assert outcome.out.strip() == str(product) and "| `path` |" in outcome.err
    assert (judges / "judge" / "weights.safetensors").is_file() and not (judges / "gan").exists()
    found, known = (json.loads(path.read_text()) for path in (product, run / "evaluation.json"))
    assert found.keys() == known.keys() and found["judge"] == known["judge"]
    assert set(known["methods"]) == set(found["methods"])
    for method, result in found["methods"].items():
        for emotion, figures in result["emotions"].items():
            apart = abs(figures["distance"] / known["methods"][method]["emotions"][emotion]["distance"] - 1)
            walked = 6 if method == known["default"] else 2
            assert apart < 0.5 and figures["mean_end"]["faces"] == walked


@pytest.mark.slow
def test_transparent_pictures_are_judged_over_the_background_of_the_bundle(
    run: Path, clear_options: list[str], tmp_path: Path
) -> None:
    """Other pictures of the same characters may have chosen another background, on which all faces look foreign."""
    bundle, judges = shutil.copytree(run / "bundle", tmp_path / "bundle"), tmp_path / "judges"
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps({**manifest, "background": "#28c85a"}))
    outcome = call(main, "evaluate", "--bundle", bundle, "--run", judges, *clear_options)
    assert outcome.code == 0, outcome.err
    assert json.loads((judges / "training.json").read_text())["background"] == "#28c85a"


def test_a_bundle_of_other_emotions_is_refused(run: Path, tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    export_folder(replace(bars(count=10), emotions=("fear", "joy", "sadness")), root)
    options = ["--preset", "tiny", "--data", f"folder:{root}", "--run", tmp_path / "judges", "--set", "judge.steps=2"]
    outcome = call(main, "evaluate", "--bundle", run / "bundle", *options)
    assert outcome.code == 2
    assert "the model reads the emotions anger, joy, sadness" in outcome.err and "fear, joy, sadness" in outcome.err
    assert not (tmp_path / "judges").exists()


def test_only_evaluate_takes_a_bundle(run: Path) -> None:
    outcome = call(main, "axes", "--bundle", run / "bundle")
    assert outcome.code == 2 and "--bundle belongs to `tlgan-train evaluate`" in outcome.err
    outcome = call(main, "evaluate", "--bundle", run / "nowhere")
    assert outcome.code == 3 and "nowhere" in outcome.err
