"""Fit directions of the latent space by regression on (Z, Y), and separate them (paper, section 4.1)."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

from tlgan_runtime.latent.keep import basis
from tlgan_train.classifiers.r2 import r2
from tlgan_train.errors import TrainError


class LatentAxes(BaseEstimator):
    """Base of the methods. `fit(z, y)` learns `axes_`, unit rows (E, latent_dim) in the order of y's columns.

    `y` holds emotion logits (N, E). In addition, `fit` learns `slopes_` (E, latent_dim) and `offsets_` (E,), the
    coefficients and intercepts of the regression before orthogonalisation.
    """

    keep_norm = False
    """Whether a latent that moves along these axes is rescaled to its norm before the move."""

    def fit(self, z: np.ndarray, y: np.ndarray) -> Self:
        """Fit the axes to latents `z` (N, latent_dim) and logits `y` (N, E)."""
        z, y = check_array(z, dtype=np.float64), check_array(y, dtype=np.float64)
        check_consistent_length(z, y)
        z, y = self._chosen(z), self._chosen(y)
        self.slopes_, self.offsets_ = self._regress(z, y)
        self.axes_ = self._separate(unit_rows(self.slopes_))
        return self

    def score(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return R² (E,) of the regression on latents (N, latent_dim) and logits (N, E), after `transform`."""
        check_is_fitted(self)
        return r2(self.transform(y), z @ self.slopes_.T + self.offsets_)

    def transform(self, y: np.ndarray) -> np.ndarray:
        """Return the targets (N, E) of the regression for logits (N, E)."""
        raise TypeError(f"{type(self).__name__} does not say what it regresses on")

    def _chosen(self, rows: np.ndarray) -> np.ndarray:
        return rows

    def _regress(self, z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        regression = LinearRegression().fit(z, self.transform(y))
        return regression.coef_, regression.intercept_

    def _separate(self, directions: np.ndarray) -> np.ndarray:
        raise TypeError(f"{type(self).__name__} does not say how it orthogonalises")


class PaperAxes(LatentAxes):
    """The method of the published code, with its faults.

    It uses 896 samples, arctanh of clipped probabilities, and Gram–Schmidt in the order of classes. Probabilities are
    clipped to tanh(±`clip`), although they lie in [0, 1], where log-odds would be the right link.
    """

    def __init__(self, samples: int = 896, clip: float = 3.0) -> None:
        self.samples = samples
        self.clip = clip

    def transform(self, y: np.ndarray) -> np.ndarray:
        return np.arctanh(np.clip(softmax(y, axis=1), np.tanh(-self.clip), np.tanh(self.clip)))

    def _chosen(self, rows: np.ndarray) -> np.ndarray:
        return rows[: self.samples]

    def _separate(self, directions: np.ndarray) -> np.ndarray:
        return gram_schmidt(directions)


class LogitAxes(LatentAxes):
    """Regression on centred logits, followed by `symmetric_axes`, which does not depend on the order of emotions."""

    keep_norm = True

    def transform(self, y: np.ndarray) -> np.ndarray:
        return y - y.mean(axis=1, keepdims=True)

    def _separate(self, directions: np.ndarray) -> np.ndarray:
        # Centred slopes sum to zero, but their unit rows only nearly. Without the remainder, all angles become equal.
        return symmetric_axes(directions - directions.mean(axis=0))


class LocalAxes(LogitAxes):
    """Lines from every emotion to every other, between the mean latents of faces that show them clearly.

    `fit` learns in addition:
    - `centres_` (E, latent_dim), within the span of the slopes, so that a move between two of them only changes
      properties that are related to emotions
    - `posterior_slopes_` (E, latent_dim) and `posterior_intercepts_` (E,) of a logistic regression from latents to the
      emotions of their faces. They blend the centre from which a face starts.

    Args:
        clear: smallest probability of the faces whose mean is a centre.
        fewest: smallest number of faces for a mean. If fewer are that clear, it is over this many of the likeliest.
    """

    keep_norm = False

    def __init__(self, clear: float = 0.9, fewest: int = 20) -> None:
        self.clear = clear
        self.fewest = fewest

    def fit(self, z: np.ndarray, y: np.ndarray, kept: np.ndarray | None = None) -> Self:
        """Fit the axes to latents `z` (N, latent_dim) and logits `y` (N, E).

        Moves do not change along `kept`, directions (K, latent_dim), for example those of characters. Raises
        `TrainError` if these leave no direction for the axes.
        """
        super().fit(z, y)
        probability = softmax(y, axis=1)
        means = [z[self._of(column)].mean(axis=0) for column in probability.T]
        middle = z.mean(axis=0)
        span = basis(self.slopes_)
        if kept is not None:
            aside = basis(kept)
            span = basis(span - span @ aside.T @ aside, least=1e-6)
            if not len(span):
                raise TrainError("the kept directions span all directions of the axes; use a larger gan.latent_dim")
            self.axes_ = self._separate(unit_rows(self.slopes_ @ span.T @ span))
        self.centres_ = middle + (np.array(means) - middle) @ span.T @ span
        # Soft labels: each sample appears once for each emotion, so an emotion that is never the likeliest has a slope.
        count = len(probability.T)
        posterior = LogisticRegression(max_iter=1000).fit(
            np.repeat(z @ span.T, count, axis=0), np.tile(np.arange(count), len(z)), probability.ravel()
        )
        if count == 2:  # scikit-learn then returns one row, the log-odds of the second class
            posterior.coef_ = np.vstack([-posterior.coef_, posterior.coef_]) / 2
            posterior.intercept_ = np.concatenate([-posterior.intercept_, posterior.intercept_]) / 2
        self.posterior_slopes_, self.posterior_intercepts_ = posterior.coef_ @ span, posterior.intercept_
        return self

    def _of(self, probability: np.ndarray) -> np.ndarray:
        clear = np.flatnonzero(probability >= self.clear)
        return clear if len(clear) >= self.fewest else np.argsort(-probability)[: self.fewest]


class BoundaryAxes(LogitAxes):
    """Normals of linear boundaries between faces that show an emotion most and least (InterFaceGAN, Shen et al. 2020).

    Conditional projection removes from each normal its component along the most similar other one. (All others together
    span every direction in which emotions differ, so without them only noise would be left.)

    Args:
        extreme: share of the samples to take from each end, in the order of the probability of the emotion.
    """

    keep_norm = False

    def __init__(self, extreme: float = 0.1) -> None:
        self.extreme = extreme

    def _regress(self, z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = max(2, round(self.extreme * len(z)))
        normals = []
        for probability in softmax(y, axis=1).T:
            order = np.argsort(probability, kind="stable")
            ends = np.concatenate([order[:count], order[-count:]])
            normals.append(LinearSVC(random_state=0).fit(z[ends], np.repeat([0, 1], count)).coef_[0])
        return slopes_along(unit_rows(np.array(normals)), z, self.transform(y))

    def _separate(self, directions: np.ndarray) -> np.ndarray:
        likeness = directions @ directions.T - 2 * np.eye(len(directions))
        nearest = directions[likeness.argmax(axis=1)]
        return unit_rows(directions - (directions * nearest).sum(axis=1, keepdims=True) * nearest)


class DiscriminantAxes(LogitAxes):
    """Fisher's linear discriminants, from the middle of all samples to the mean of each emotion.

    Directions in which samples of one emotion spread count less. Every sample is weighted by the probability of the
    emotion.
    """

    keep_norm = False

    def _regress(self, z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        probability = softmax(y, axis=1)
        means = (probability.T @ z) / probability.sum(axis=0)[:, None]
        within = LedoitWolf(assume_centered=True).fit(z - probability @ means).covariance_
        discriminants = np.linalg.solve(within, (means - z.mean(axis=0)).T).T
        return slopes_along(unit_rows(discriminants), z, self.transform(y))


METHODS: dict[str, type[LatentAxes]] = {
    "boundary": BoundaryAxes,
    "lda": DiscriminantAxes,
    "local": LocalAxes,
    "logit": LogitAxes,
    "paper": PaperAxes,
}


def slopes_along(directions: np.ndarray, z: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return slopes (E, latent_dim) and intercepts (E,) of the regression of each target, (N, E), on its direction."""
    place = z @ directions.T
    centred = place - place.mean(axis=0)
    slopes = (centred * targets).sum(axis=0) / np.square(centred).sum(axis=0)
    return slopes[:, None] * directions, targets.mean(axis=0) - slopes * place.mean(axis=0)


def gram_schmidt(directions: np.ndarray) -> np.ndarray:
    """Return unit rows, each with the earlier rows projected out (paper, step V). The first keeps its direction."""
    done: list[np.ndarray] = []
    for row in directions:
        for before in done:
            row = row - (row @ before) * before
        done.append(row / np.linalg.norm(row))
    return np.array(done)


def symmetric_axes(directions: np.ndarray) -> np.ndarray:
    """Return the unit rows with equal mutual angles that are nearest to the given ones. Their order does not matter.

    This is Löwdin's symmetric orthogonalisation, (V Vᵀ)^(-1/2) V, on the span of the rows. Slopes of centred logits sum
    to zero, so E rows span E - 1 dimensions and cannot be orthogonal. They become a regular simplex with cosines of
    -1 / (E - 1), along which one emotion grows and all others shrink alike.
    """
    left, values, right = np.linalg.svd(directions, full_matrices=False)
    kept = values > 1e-6 * values[0]
    return unit_rows(left[:, kept] @ right[kept])


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Return the rows, scaled to length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
