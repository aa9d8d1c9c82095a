"""Axes on synthetic (Z, Y) whose directions are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from tlgan_train.axes.regression import (
    METHODS,
    BoundaryAxes,
    DiscriminantAxes,
    LatentAxes,
    LocalAxes,
    LogitAxes,
    PaperAxes,
    gram_schmidt,
    symmetric_axes,
    unit_rows,
)

pytestmark = pytest.mark.numerical

EMOTIONS, DIM = 5, 12
ORDER = np.array([3, 0, 4, 1, 2])
TRUE = np.linalg.qr(np.random.default_rng(0).normal(size=(DIM, DIM)))[0][:EMOTIONS]
"""Orthonormal rows: what the logits of `labelled` grow along."""


Labelled = tuple[np.ndarray, np.ndarray]


def labelled(count: int = 3000, gains: object = 1.5, noise: float = 0.0, seed: int = 1) -> Labelled:
    """Latents and logits; softmax is blind to what is added to all logits of a face, so much is added."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(count, DIM)).astype(np.float32)
    logits = z @ TRUE.T * gains + np.linspace(-0.5, 0.5, EMOTIONS)
    logits = logits + noise * rng.normal(size=logits.shape) + 10 * rng.normal(size=(count, 1))
    return z, logits.astype(np.float32)


def cosines(axes: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (unit_rows(axes) * unit_rows(others)).sum(axis=1)


def test_logit_axes_find_the_directions_in_which_one_logit_grows_above_the_others() -> None:
    fitted = LogitAxes().fit(*labelled(noise=0.5))
    apart = TRUE - TRUE.mean(axis=0)
    assert cosines(fitted.slopes_, apart).min() > 0.99
    assert cosines(fitted.axes_, apart).min() > 0.99
    np.testing.assert_allclose(fitted.offsets_, np.linspace(-0.5, 0.5, EMOTIONS), atol=0.05)


@pytest.mark.parametrize("gains", [1.5, np.array([1.0, 1.0, 1.5, 2.0, 4.0])], ids=["alike", "unlike"])
def test_logit_axes_have_equal_angles_and_unit_length(gains: object) -> None:
    axes = LogitAxes().fit(*labelled(gains=gains, noise=0.5)).axes_
    expected = np.full((EMOTIONS, EMOTIONS), -1 / (EMOTIONS - 1))
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(axes @ axes.T, expected, atol=1e-6)


def test_logit_axes_do_not_depend_on_the_order_of_classes_and_paper_axes_do() -> None:
    z, y = labelled(gains=np.array([1.0, 1.0, 1.5, 2.0, 4.0]), noise=0.5)
    here, there = LogitAxes().fit(z, y).axes_, LogitAxes().fit(z, y[:, ORDER]).axes_
    np.testing.assert_allclose(there, here[ORDER], atol=1e-8)
    here, there = PaperAxes().fit(z, y).axes_, PaperAxes().fit(z, y[:, ORDER]).axes_
    assert cosines(there, here[ORDER]).min() < 0.95


def test_paper_axes_repeat_the_published_arithmetic_on_896_samples() -> None:
    z, y = labelled(noise=0.5)
    fitted = PaperAxes().fit(z, y)
    targets = np.arctanh(np.clip(softmax(y[:896].astype(float), axis=1), np.tanh(-3), np.tanh(3)))
    design = np.column_stack([z[:896].astype(float), np.ones(896)])
    solution = np.linalg.lstsq(design, targets, rcond=None)[0]
    np.testing.assert_allclose(fitted.slopes_, solution[:-1].T, atol=1e-6)
    np.testing.assert_allclose(fitted.offsets_, solution[-1], atol=1e-6)

    np.testing.assert_allclose(fitted.axes_[0], unit_rows(fitted.slopes_)[0], atol=1e-12)  # the first is untouched
    np.testing.assert_allclose(fitted.axes_ @ fitted.axes_.T, np.eye(EMOTIONS), atol=1e-8)
    # Each axis lies in the span of the slopes up to its own, as Gram–Schmidt leaves it.
    for row in range(1, EMOTIONS):
        span = np.linalg.qr(fitted.slopes_[: row + 1].T)[0]
        np.testing.assert_allclose(np.linalg.norm(fitted.axes_[row] @ span), 1, atol=1e-8)


def test_paper_axes_see_the_first_896_samples_and_logit_axes_see_all() -> None:
    z, y = labelled(noise=0.5)
    after, within = y.copy(), y.copy()
    after[896:] = after[896:, ORDER]
    within[895] += 5 * np.arange(EMOTIONS)
    paper, logit = PaperAxes().fit(z, y), LogitAxes().fit(z, y)
    np.testing.assert_array_equal(PaperAxes().fit(z, after).axes_, paper.axes_)
    assert not np.array_equal(PaperAxes().fit(z, within).axes_, paper.axes_)
    assert cosines(LogitAxes().fit(z, after).slopes_, logit.slopes_).min() < 0.9
    np.testing.assert_array_equal(PaperAxes(samples=500).fit(z, y).axes_, PaperAxes().fit(z[:500], y[:500]).axes_)


def test_held_out_r2_is_near_one_without_noise_and_near_zero_for_noise() -> None:
    fitted = LogitAxes().fit(*labelled(seed=1))
    np.testing.assert_allclose(fitted.score(*labelled(seed=2)), 1, atol=1e-5)
    noise = LogitAxes().fit(*labelled(gains=0.0, noise=1.0, seed=1)).score(*labelled(gains=0.0, noise=1.0, seed=2))
    assert noise.shape == (EMOTIONS,) and np.abs(noise).max() < 0.05
    # Probabilities saturate: the paper's straight line through them leaves much unexplained.
    assert PaperAxes().fit(*labelled(seed=1)).score(*labelled(seed=2)).max() < 0.95


@pytest.mark.parametrize("method", METHODS.values())
def test_methods_keep_to_the_conventions_of_scikit_learn(method: type[LatentAxes]) -> None:
    z, y = labelled(1000)
    estimator = method()
    with pytest.raises(NotFittedError):
        estimator.score(z, y)
    assert estimator.fit(z, y) is estimator
    assert estimator.axes_.shape == estimator.slopes_.shape == (EMOTIONS, DIM)
    assert estimator.offsets_.shape == estimator.score(z, y).shape == (EMOTIONS,)
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params() and not hasattr(copy, "axes_")
    np.testing.assert_array_equal(copy.fit(z, y).axes_, estimator.axes_)
    with pytest.raises(ValueError, match="inconsistent"):
        method().fit(z, y[:-1])
    with pytest.raises(ValueError, match="NaN"):
        method().fit(np.where(z > 3, np.nan, z), y)


def test_parameters_of_the_paper_method_can_be_set() -> None:
    estimator = clone(PaperAxes(samples=100, clip=2.0)).set_params(clip=1.0)
    assert estimator.get_params() == {"samples": 100, "clip": 1.0}
    assert estimator.transform(np.array([[9.0, 0.0]])).max() == pytest.approx(1.0)


@pytest.mark.parametrize("method", [BoundaryAxes, DiscriminantAxes])
def test_boundaries_and_discriminants_find_where_one_logit_grows_above_the_others(method: type[LatentAxes]) -> None:
    z, y = labelled(noise=0.5)
    fitted = method().fit(z, y)
    apart = TRUE - TRUE.mean(axis=0)
    assert cosines(fitted.slopes_, apart).min() > 0.94
    assert fitted.score(*labelled(noise=0.5, seed=2)).min() > 0.7
    np.testing.assert_allclose(np.linalg.norm(fitted.axes_, axis=1), 1)


def test_boundaries_leave_out_what_they_share_with_the_one_most_like_them() -> None:
    z, y = labelled(noise=0.5)
    y[:, 0] += 0.8 * y[:, 1]  # the first emotion grows where the second does
    fitted = BoundaryAxes().fit(z, y)
    normals = unit_rows(fitted.slopes_)
    assert normals[0] @ normals[1] > 0.3
    assert abs(fitted.axes_[0] @ normals[1]) < 1e-9 and abs(fitted.axes_[1] @ normals[0]) < 1e-9


def test_discriminants_turn_away_from_where_faces_of_one_emotion_are_spread() -> None:
    z, y = clustered()
    spread = z + np.random.default_rng(4).normal(size=(len(z), 1)) * 3 * unit_rows((TRUE[0] + TRUE[1])[None])
    along = [DiscriminantAxes().fit(latents, y).axes_[0] @ (TRUE[0] + TRUE[1]) for latents in (z, spread)]
    assert abs(along[1]) < 0.7 * abs(along[0])


def test_orthogonalisations_of_independent_rows() -> None:
    rows = unit_rows(TRUE + 0.3 * np.random.default_rng(3).normal(size=TRUE.shape))
    one_by_one, symmetric = gram_schmidt(rows), symmetric_axes(rows)
    for axes in (one_by_one, symmetric):
        np.testing.assert_allclose(axes @ axes.T, np.eye(EMOTIONS), atol=1e-10)
    np.testing.assert_allclose(one_by_one[0], rows[0], atol=1e-12)
    values, vectors = np.linalg.eigh(rows @ rows.T)
    lowdin = vectors @ np.diag(values**-0.5) @ vectors.T @ rows
    np.testing.assert_allclose(symmetric, lowdin, atol=1e-10)
    assert np.square(symmetric - rows).sum() < np.square(one_by_one - rows).sum()  # the nearest there is


def clustered(count: int = 2000, emotions: int = EMOTIONS) -> Labelled:
    """Latents around 4 times the rows of `TRUE`, and logits that say which row."""
    rng = np.random.default_rng(3)
    label = rng.integers(emotions, size=count)
    z = 4 * TRUE[label] + 0.5 * rng.normal(size=(count, DIM))
    return z.astype(np.float32), (3 * z @ TRUE[:emotions].T).astype(np.float32)


@pytest.mark.parametrize("emotions", [2, 3, EMOTIONS])
def test_local_axes_lead_from_the_centre_of_a_face_to_that_of_the_emotion(emotions: int) -> None:
    z, y = clustered(emotions=emotions)
    fitted = LocalAxes().fit(z, y)
    apart = fitted.centres_[1:] - fitted.centres_[0]
    np.testing.assert_allclose(apart, 4 * (TRUE[1:emotions] - TRUE[0]), atol=0.15)
    own = softmax(z @ fitted.posterior_slopes_.T + fitted.posterior_intercepts_, axis=1)
    assert (own.argmax(axis=1) == y.argmax(axis=1)).mean() > 0.99 and own.max(axis=1).mean() > 0.95
    # Nothing but emotions: no coordinate that the labels do not depend on.
    rest = np.eye(DIM) - TRUE[:emotions].T @ TRUE[:emotions]
    np.testing.assert_allclose(apart @ rest, 0, atol=0.1)
    assert np.abs(fitted.posterior_slopes_ @ rest).max() < 0.1 * np.abs(fitted.posterior_slopes_).max()


def test_an_emotion_that_is_hardly_ever_read_has_a_centre_of_the_faces_that_are_likest() -> None:
    z, y = clustered()
    y[:, 2] -= 30
    fitted = LocalAxes(fewest=50).fit(z, y)
    likest = np.argsort(-softmax(y, axis=1)[:, 2])[:50]
    expected = z[likest].mean(axis=0) - z.mean(axis=0)
    assert cosines(fitted.centres_[2:3] - z.mean(axis=0), expected[None])[0] > 0.9
    assert fitted.posterior_slopes_.shape == (EMOTIONS, DIM)
