"""Figures of edits and of generators on hand-made input whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from tlgan_train.classifiers.r2 import r2
from tlgan_train.evaluation.metrics import (
    copying,
    edit_quality,
    estimate,
    fid,
    kid,
    nearest,
    precision_recall,
    quartiles,
    rank_correlation,
)
from tlgan_train.evaluation.parts import Estimate

pytestmark = pytest.mark.numerical

WALKS = np.array(
    [
        [0.10, 0.30, 0.60, 0.95],  # arrives
        [0.10, 0.40, 0.36, 0.90],  # arrives, with a dip that is small enough
        [0.40, 0.80, 0.70, 0.70],  # falls too far, and stays short
        [0.20, 0.20, 0.20, 0.20],  # stays where it is
        [0.60, 0.10, 0.70, 0.99],  # there already: counts for the mean end alone
    ]
)
SAME = np.zeros((5, 4), int)
EVEN = np.arange(4.0)[None, :, None] * np.ones((5, 1, 3))


def test_edit_quality_of_known_walks() -> None:
    quality = edit_quality(WALKS, SAME, EVEN)
    assert quality.already_there == pytest.approx(0.2)
    assert quality.success.value == pytest.approx(2 / 4) and quality.success.faces == 4
    assert quality.monotone.value == pytest.approx(3 / 4) and quality.monotone.faces == 4
    assert quality.mean_end.value == pytest.approx(WALKS[:, -1].mean()) and quality.mean_end.faces == 5
    correlations = [spearmanr(range(4), walk).statistic for walk in WALKS[:3]]
    assert quality.rank_correlation.value == pytest.approx(sum(correlations) / 4)
    assert quality.character_kept.value == 1
    assert quality.smoothness.value == pytest.approx(1)


def test_thresholds_belong_to_the_better_side_as_defined() -> None:
    exact = np.array([[0.5, 0.9], [0.499, 0.9], [0.499, 0.899]])
    quality = edit_quality(exact, SAME[:3, :2], EVEN[:3, :2])
    assert quality.already_there == pytest.approx(1 / 3)
    assert (quality.success.value, quality.success.faces) == (0.5, 2)


def test_a_character_is_kept_when_it_is_at_every_step() -> None:
    character = SAME.copy()
    character[0, 2] = 1  # away and back again
    character[1] = 3  # another one, but throughout
    assert edit_quality(WALKS, character, EVEN).character_kept.value == pytest.approx(4 / 5)


def test_smoothness_is_the_largest_stride_over_the_mean_one() -> None:
    features = np.zeros((5, 4, 2))
    features[:, :, 0] = [0, 1, 2, 6]
    assert edit_quality(WALKS, SAME, features).smoothness.value == pytest.approx(4 / 2)
    assert edit_quality(WALKS, SAME, np.zeros((5, 4, 2))).smoothness.value == 0


def test_figures_without_faces_are_none() -> None:
    quality = edit_quality(np.full((3, 4), 0.7), SAME[:3], EVEN[:3])
    assert quality.already_there == 1
    assert quality.success == quality.monotone == quality.rank_correlation == Estimate(None, None, None, 0)
    assert quality.mean_end.value == pytest.approx(0.7)


def test_estimate_is_the_mean_within_a_repeatable_interval() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    found = estimate(values)
    assert found.value == pytest.approx(values.mean()) and found.faces == 400
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)  # what normal theory says
    assert estimate(values) == found and estimate(values, seed=1) != found
    assert estimate(np.ones(7, bool)) == Estimate(1.0, 1.0, 1.0, 7)
    assert estimate(np.empty(0)) == Estimate(None, None, None, 0)


def test_rank_correlation_is_spearmans_with_ties_and_zero_where_nothing_changes() -> None:
    rng = np.random.default_rng(0)
    curves = rng.integers(0, 4, size=(20, 9)).astype(float)
    expected = [spearmanr(range(9), curve).statistic for curve in curves]
    np.testing.assert_allclose(rank_correlation(curves), expected, atol=1e-12)
    np.testing.assert_allclose(rank_correlation(np.array([[1.0, 2, 3], [3.0, 2, 1], [2.0, 2, 2]])), [1, -1, 0])


def test_quantiles_over_faces() -> None:
    assert quartiles(np.arange(5.0)[:, None] * [1, 10]) == ([1, 10], [2, 20], [3, 30])


def normals(count: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(count, 8)) + shift).astype(np.float32)


def test_kid_is_near_zero_for_one_distribution_and_grows_with_the_shift() -> None:
    real = normals(600, 0)
    same, near, far = kid(real, normals(600, 1)), kid(real, normals(600, 1, 0.5)), kid(real, normals(600, 1, 1.5))
    assert abs(same) < 0.02
    assert near > 5 * abs(same) and far > 5 * near
    assert kid(real, real[:1]) is None and kid(real[:0], real) is None
    assert kid(real[:2], real[2:4]) is not None


def test_kid_is_repeatable_and_leaves_the_random_state_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    values = [kid(normals(300, 0), normals(300, 1)) for _ in range(2)]
    assert values[0] == values[1]
    assert torch.equal(torch.rand(1), expected)


def test_fid_of_a_shifted_copy_is_the_squared_shift() -> None:
    real = normals(500, 0)
    assert fid(real, real) == pytest.approx(0, abs=1e-3)
    assert fid(real, real + np.float32(0.5)) == pytest.approx(8 * 0.25, rel=0.01)


def test_precision_and_recall_at_their_extremes() -> None:
    real = normals(300, 0)
    assert precision_recall(real, real) == (1, 1)
    assert precision_recall(real, real + 100) == (0, 0)
    # A generator that draws one kind of face well is precise and recalls little; one that draws noise, the reverse.
    precision, recall = precision_recall(real, (real[:50] * 0.05).astype(np.float32))
    assert precision == 1 and recall < 0.1
    spread = np.concatenate([real, real * 30])
    precision, recall = precision_recall(real, spread)
    assert precision < 0.6 and recall == 1


def test_nearest_rows_and_their_distances() -> None:
    pool = np.array([[0.0, 0], [10, 0], [0, 10]])
    index, distance = nearest(np.array([[9.0, 0], [0, 6], [0, 0]]), pool)
    assert index.tolist() == [1, 2, 0]
    np.testing.assert_allclose(distance, [1, 4, 0])


def test_copies_are_told_from_new_pictures() -> None:
    train, held_out, new = (normals(300, seed) for seed in range(3))
    copies = (train[:100] + 0.01).astype(np.float32)
    assert copying(train, held_out, new) == pytest.approx(0.5, abs=0.06)
    assert copying(train, held_out, copies) == 1
    assert copying(train, held_out, np.concatenate([copies, new[:100]])) == pytest.approx(0.75, abs=0.05)
    assert copying(train, held_out, (held_out + 10).astype(np.float32)) == 0
    assert copying(train, held_out[:0], new) is None


def test_distances_of_too_few_pictures_do_not_exist() -> None:
    real = normals(8, 0)
    assert fid(real, real[:1]) is None and fid(real[:1], real) is None
    assert precision_recall(real, real[:3]) == (1, None)
    assert precision_recall(real[:3], real) == (None, 1)
    assert quartiles(np.empty(0)) == (None, None, None)


def test_r2_is_that_of_guessing_the_mean_where_nothing_varies() -> None:
    rng = np.random.default_rng(0)
    # A mean of equal float32 numbers is rounded, and the variance is then not quite 0.
    truth = np.stack([rng.normal(size=421), np.full(421, 0.1), np.full(421, 0.1)], axis=1).astype(np.float32)
    predicted = truth + np.array([[0.1, 1.0, 0.0]], np.float32) * rng.normal(size=(421, 1)).astype(np.float32)
    assert r2(truth, predicted) == pytest.approx([0.99, 0.0, 1.0], abs=0.005)
    assert np.isnan(r2(truth[:1], predicted[:1])).all() and r2(truth[:, :0], predicted[:, :0]).shape == (0,)
