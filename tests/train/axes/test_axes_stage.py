"""Steps III to V with a generator and a reader of known arithmetic: (Z, Y), axes and how far they reach."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from painter import EMOTIONS, GAIN, LATENT_DIM, Painter, Reader

from tlgan_runtime import BundleDamagedError
from tlgan_runtime.bundle.axes_json import axes_document, parse_axes
from tlgan_runtime.latent.centres import BetweenCentres, even_pace
from tlgan_runtime.latent.motions import StraightLines
from tlgan_runtime.latent.moves import move
from tlgan_train.axes.calibration import COMPLETE_WITHIN, REACHES, between_centres, complete_distances, nearest_reach
from tlgan_train.axes.fit import fit_axes
from tlgan_train.axes.load import load_axes
from tlgan_train.axes.regression import LocalAxes, unit_rows
from tlgan_train.axes.samples import Samples, draw_latents, draw_samples, load_samples, read_faces
from tlgan_train.config import Config
from tlgan_train.errors import TrainError

pytestmark = pytest.mark.numerical

CONFIG = Config.from_dict({"samples": {"count": 1500}, "axes": {"calibration_faces": 40}, "seed": 2})
PAINTER, READER = Painter(), Reader()
SIMPLEX = unit_rows(np.eye(3, LATENT_DIM) - np.eye(3, LATENT_DIM).mean(axis=0))
"""Where each emotion grows above the others: the answer that axes must give."""


def shown(z: np.ndarray) -> np.ndarray:
    """Probabilities (N, 3) that the reader gives the faces of latents."""
    logits, _ = read_faces(PAINTER, READER, z)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def emotions(z: np.ndarray) -> np.ndarray:
    return read_faces(PAINTER, READER, z)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("axes")
    samples = draw_samples(CONFIG, PAINTER, READER, run, log=lambda _: None)
    fit_axes(CONFIG, samples, EMOTIONS, PAINTER, READER, run, log=lambda _: None)
    return run


def test_a_generator_that_shows_one_emotion_only_is_no_ground_for_axes(tmp_path: Path) -> None:
    class Stubborn(Reader):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            emotion, character = super().forward(x)
            return emotion + 100 * torch.eye(3)[1], character

    with pytest.raises(TrainError, match="collapsed: the classifier reads one emotion") as caught:
        draw_samples(CONFIG, PAINTER, Stubborn(), tmp_path, log=lambda _: None)
    assert "\n" not in str(caught.value) and not (tmp_path / "samples").exists()


def test_samples_are_latents_with_what_the_classifier_reads_in_their_faces(folder: Path) -> None:
    samples = load_samples(folder)
    assert samples.z.shape == (1500, LATENT_DIM) and samples.z.dtype == np.float32
    assert samples.emotion.shape == (1500, 3) and samples.character.shape == (1500, 2)
    np.testing.assert_allclose(samples.emotion, GAIN * samples.z[:, :3], atol=0.3)  # rounded to levels of a picture
    assert samples.z.mean() == pytest.approx(0, abs=0.03) and samples.z.std() == pytest.approx(1, abs=0.03)
    assert not list(folder.rglob(".*"))


def test_faces_are_read_alike_in_any_batches_and_as_pictures_of_256_levels(folder: Path) -> None:
    z = load_samples(folder).z[:50]
    whole, parts = read_faces(PAINTER, READER, z), read_faces(PAINTER, READER, z, batch_size=7)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    levels = (PAINTER(torch.from_numpy(z)) + 1) * 127.5
    rounded = READER(levels.round() / 127.5 - 1)[0].detach()
    np.testing.assert_allclose(whole[0], rounded, atol=1e-5)


def test_streams_of_latents_are_repeatable_and_independent() -> None:
    first = draw_latents(PAINTER, 200, seed=0, stream="samples")
    np.testing.assert_array_equal(first, draw_latents(PAINTER, 200, seed=0, stream="samples"))
    for other in (draw_latents(PAINTER, 200, 0, "evaluation faces"), draw_latents(PAINTER, 200, 1, "samples")):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.1


def test_axes_are_the_known_ones_in_the_schema_of_bundles(folder: Path) -> None:
    document = load_axes(folder)
    axes = parse_axes(document, EMOTIONS, LATENT_DIM)
    assert axes.default == "logit" and set(axes.methods) == {"boundary", "lda", "local", "logit", "paper"}
    logit, paper = axes.methods["logit"], axes.methods["paper"]
    assert (logit.directions * SIMPLEX).sum(axis=1).min() > 0.99
    assert isinstance(logit, StraightLines) and isinstance(paper, StraightLines)
    assert logit.keep_norm and not paper.keep_norm
    np.testing.assert_allclose(paper.directions @ paper.directions.T, np.eye(3), atol=1e-8)
    logit, paper = (document["methods"][name]["fitted"] for name in ("logit", "paper"))
    assert min(logit["held_out_r2"]) > 0.99
    assert logit["samples"] == 1200 and paper["samples"] == 896
    assert logit["method"] == "LogitAxes" and paper["parameters"] == {"samples": 896, "clip": 3.0}
    assert np.shape(logit["cosine_before"]) == (3, 3)


def test_axes_are_read_as_they_were_written(folder: Path) -> None:
    document = load_axes(folder)
    facts = {name: method["fitted"] for name, method in document["methods"].items()}
    assert axes_document(parse_axes(document, EMOTIONS, LATENT_DIM), LATENT_DIM, facts) == document


def test_strength_one_is_where_the_effect_is_complete(folder: Path) -> None:
    document = load_axes(folder)
    axes, fitted = parse_axes(document, EMOTIONS, LATENT_DIM).methods["logit"], document["methods"]["logit"]["fitted"]
    z = load_samples(folder).z[:40]  # those held out that calibration used
    assert (axes.lengths <= CONFIG.axes.max_distance).all()
    for e in range(3):
        ends = []
        for distance in (axes.lengths[e], CONFIG.axes.max_distance):
            logits, _ = read_faces(PAINTER, READER, move(z, axes, distance / axes.lengths[e] * np.eye(3)[e]))
            ends.append((np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))[:, e].mean())
        assert ends[0] == pytest.approx(fitted["calibrated_probability"][e], abs=1e-5)
        assert ends[0] > 0.9 and ends[0] >= ends[1] - COMPLETE_WITHIN - 0.001


def test_local_axes_reach_the_emotion_from_every_face(folder: Path) -> None:
    document = load_axes(folder)
    axes, fitted = parse_axes(document, EMOTIONS, LATENT_DIM).methods["local"], document["methods"]["local"]["fitted"]
    z = load_samples(folder).z[:40]
    assert isinstance(axes, BetweenCentres)
    for e in range(3):
        moved = move(z, axes, np.eye(3)[e])
        np.testing.assert_allclose((moved - z)[:, 3:], 0, atol=0.2)  # the latents that no emotion depends on
        assert shown(moved)[:, e].mean() == pytest.approx(fitted["calibrated_probability"][e], abs=1e-5)
        assert shown(moved)[:, e].mean() > 0.8
        apart = np.linalg.norm(np.delete(axes.centres.latents, e, axis=0) - axes.centres.targets[e], axis=1)
        assert axes.lengths[e] == pytest.approx(apart.mean())


def test_targets_of_local_axes_lie_beyond_the_centres_only_where_centres_do_not_show_the_emotion() -> None:
    draws = draw_latents(PAINTER, 1500, 0, "targets")
    apart = (0.3 * draws + 4 * np.eye(3, LATENT_DIM)[np.arange(1500) % 3]).astype(np.float32)
    reach = []
    for z in (apart, draws):
        centres = between_centres(LocalAxes().fit(z, emotions(z)), EMOTIONS, z[:40], emotions).centres
        middle = centres.latents.mean(axis=0)
        reach.append(
            np.linalg.norm(centres.targets - middle, axis=1) / np.linalg.norm(centres.latents - middle, axis=1)
        )
    np.testing.assert_allclose(reach[0], 1)
    assert reach[1][0] > 1.05 and np.round(reach[1][0], 3) in REACHES
    np.testing.assert_allclose(reach[1], reach[1][0])


def test_an_emotion_that_no_reach_shows_has_no_say_in_the_reach() -> None:
    clear = np.linspace(0.9, 1.0, len(REACHES))[:, None]
    assert nearest_reach(np.hstack([clear, clear])) == REACHES[3]
    assert nearest_reach(np.hstack([clear, 0.01 * np.arange(len(REACHES))[:, None]])) == REACHES[3]
    assert nearest_reach(np.hstack([clear, 0 * clear])) == REACHES[3]
    assert nearest_reach(np.array([[0.2], [0.5], [0.7], [0.6], [0.6], [0.6]])) == REACHES[2]


def test_even_strengths_show_even_changes() -> None:
    draws = draw_latents(PAINTER, 900, 0, "paces")
    z = (0.3 * draws + 2 * np.eye(3, LATENT_DIM)[np.arange(900) % 3]).astype(np.float32)

    def bent(latents: np.ndarray) -> np.ndarray:
        return (3 * np.tanh(3 * (latents[:, :3] - 1))).astype(np.float32)  # all changes in the middle of a way

    fitted = LocalAxes().fit(z, bent(z))
    local = between_centres(fitted, EMOTIONS, z[:60], bent)
    assert local.centres.pace.shape[:2] == (3, 3) and (np.diff(local.centres.pace) > 0).all()
    largest = []
    for pace in (local.centres.pace, even_pace(3)):
        axes = replace(local, centres=replace(local.centres, pace=pace))
        frames = np.stack([bent(move(z[60:90], axes, k * np.eye(3)[1])) for k in np.linspace(0, 1, 17)])
        stride = np.linalg.norm(np.diff(frames - frames.mean(axis=2, keepdims=True), axis=0), axis=2)
        away = np.arange(60, 90) % 3 != 1
        largest.append((stride.max(axis=0) / stride.mean(axis=0))[away].mean())
    assert largest[0] < 0.9 * largest[1]


def test_the_nearest_distance_of_nearly_the_highest_value_is_complete() -> None:
    distances = np.array([1.0, 2.0, 3.0, 4.0])
    curves = np.array([[0.1, 0.9, 0.2, 0.0], [0.5, 0.5, 0.2, 0.0], [0.995, 0.4, 0.2, 0.0], [1.0, 0.3, 0.2, 0.9]])
    assert complete_distances(distances, curves).tolist() == [3, 1, 1, 4]


def test_fitting_again_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    fit_axes(CONFIG, load_samples(folder), EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None)
    assert (tmp_path / "axes.json").read_bytes() == (folder / "axes.json").read_bytes()


def test_the_default_method_is_the_one_of_the_settings(folder: Path, tmp_path: Path) -> None:
    config = CONFIG.with_value("axes.method", "paper")
    fit_axes(config, load_samples(folder), EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None)
    assert json.loads((tmp_path / "axes.json").read_text())["default"] == "paper"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("axes.method", "logits", "logit, paper"),
        ("axes.held_out_share", 0.02, "at least .*40"),
        ("axes.held_out_share", 0.5, "896"),  # 750 latents are left, too few for the paper's method
    ],
)
def test_settings_that_cannot_work_are_told(
    folder: Path, tmp_path: Path, key: str, value: object, message: str
) -> None:
    samples = load_samples(folder)
    with pytest.raises(TrainError, match=message) as caught:
        fit_axes(CONFIG.with_value(key, value), samples, EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None)
    assert key in str(caught.value) and not any(tmp_path.iterdir())


def test_labels_that_are_not_numbers_are_not_fitted(folder: Path, tmp_path: Path) -> None:
    samples = load_samples(folder)
    broken = Samples(samples.z, np.where(samples.emotion > 2, np.nan, samples.emotion), samples.character)
    with pytest.raises(ValueError, match="NaN"):
        fit_axes(CONFIG, broken, EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None)
    assert not any(tmp_path.iterdir())


def test_stages_that_did_not_run_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="tlgan-train samples"):
        load_samples(tmp_path)
    with pytest.raises(TrainError, match="tlgan-train axes"):
        load_axes(tmp_path)


def test_with_several_characters_local_axes_keep_them_and_faces_can_become_others(tmp_path: Path) -> None:
    samples = draw_samples(CONFIG, PAINTER, READER, tmp_path, log=lambda _: None)
    tilted = samples.emotion + 3 * samples.z[:, [6]] * np.array([1.0, 0.0, 0.0])  # anger looks like one of them
    mixed = replace(samples, emotion=tilted.astype(np.float32))
    both = {"ada": 0, "bo": 1}
    z = samples.z[:60]
    fit_axes(CONFIG, mixed, EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None, drawn=both)
    axes = parse_axes(load_axes(tmp_path), EMOTIONS, LATENT_DIM, ("ada", "bo"))
    np.testing.assert_allclose((move(z, axes.methods["local"], np.eye(3)[0]) - z)[:, 6], 0, atol=0.05)
    assert np.abs((move(z, axes.methods["logit"], np.eye(3)[0]) - z)[:, 6]).mean() > 0.5

    fit_axes(CONFIG, samples, EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None, drawn=both)
    axes = parse_axes(load_axes(tmp_path), EMOTIONS, LATENT_DIM, ("ada", "bo"))
    assert axes.characters is not None and axes.characters.names == ("ada", "bo")
    become = move(z, axes.characters, np.array([0.0, 1.0]))
    before, after = (read_faces(PAINTER, READER, latents) for latents in (z, become))
    assert (after[1].argmax(axis=1) == 1).mean() > 0.9 > (before[1].argmax(axis=1) == 1).mean()
    assert (after[0].argmax(axis=1) == before[0].argmax(axis=1)).mean() > 0.9
    with pytest.raises(BundleDamagedError, match="the manifest draws"):
        parse_axes(load_axes(tmp_path), EMOTIONS, LATENT_DIM, ("ada",))
