"""Directions of the latent space by regression on (Z, Y), and what keeps them apart (paper, section 4.1)."""

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
    """Base of the methods: `fit(z, y)` learns `axes_`, unit rows (E, latent_dim) in the order of y's columns.

    `y` holds emotion logits (N, E). Learned besides: `offsets_` (E,), intercepts of the regression in the fitted
    space, and `slopes_` (E, latent_dim), its coefficients before orthogonalisation.
    """

    keep_norm = False
    """Whether a latent moved along these axes is rescaled to the norm that it had."""

    def fit(self, z: np.ndarray, y: np.ndarray) -> Self:
        z, y = check_array(z, dtype=np.float64), check_array(y, dtype=np.float64)
        check_consistent_length(z, y)
        z, y = self._chosen(z), self._chosen(y)
        self.slopes_, self.offsets_ = self._regress(z, y)
        self.axes_ = self._separate(unit_rows(self.slopes_))
        return self

    def score(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        """R² (E,) of the regression in its own fitted space, on latents and logits that it may not have seen."""
        check_is_fitted(self)
        return r2(self.transform(y), z @ self.slopes_.T + self.offsets_)

    def transform(self, y: np.ndarray) -> np.ndarray:
        """Logits (N, E) → targets of the regression (N, E)."""
        raise TypeError(f"{type(self).__name__} does not say what it regresses on")

    def _chosen(self, rows: np.ndarray) -> np.ndarray:
        return rows

    def _regress(self, z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        regression = LinearRegression().fit(z, self.transform(y))
        return regression.coef_, regression.intercept_

    def _separate(self, directions: np.ndarray) -> np.ndarray:
        raise TypeError(f"{type(self).__name__} does not say how it orthogonalises")


class PaperAxes(LatentAxes):
    """The published code, faults included: 896 samples, arctanh of clipped probabilities, Gram–Schmidt in class order.

    Probabilities are clipped to tanh(±`clip`), although they lie in [0, 1] and log-odds would be the matching link.
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
    """Regression on centred logits, then the order-free orthogonalisation of `symmetric_axes`."""

    keep_norm = True

    def transform(self, y: np.ndarray) -> np.ndarray:
        return y - y.mean(axis=1, keepdims=True)

    def _separate(self, directions: np.ndarray) -> np.ndarray:
        # Centred slopes sum to zero, unit rows of them only nearly; with the rest gone all angles come out equal.
        return symmetric_axes(directions - directions.mean(axis=0))


class LocalAxes(LogitAxes):
    """One line from every emotion to every other: between the mean latents of faces that show them clearly.

    Learned besides: `centres_` (E, latent_dim), kept to the span of the regression's slopes, so that a move between two
    of them changes nothing that has no part in emotions; `posterior_slopes_` (E, latent_dim) and
    `posterior_intercepts_` (E,) of a logistic regression from latents to what is read in their faces, by which a face's
    own centre is blended.

    Args:
        clear: least probability of the faces that a centre is the mean of.
        fewest: where fewer faces are that clear, the mean is over this many of the likeliest.
    """

    keep_norm = False

    def __init__(self, clear: float = 0.9, fewest: int = 20) -> None:
        self.clear = clear
        self.fewest = fewest

    def fit(self, z: np.ndarray, y: np.ndarray, kept: np.ndarray | None = None) -> Self:
        """`kept`: directions (K, latent_dim) that moves must have no part in, those of characters for example."""
        super().fit(z, y)
        probability = softmax(y, axis=1)
        means = [z[self._of(column)].mean(axis=0) for column in probability.T]
        middle = z.mean(axis=0)
        span = basis(self.slopes_)
        if kept is not None:
            aside = basis(kept)
            span = basis(span - span @ aside.T @ aside, least=1e-6)
            if not len(span):
                raise TrainError("what must be kept spans all directions of the axes; use a larger gan.latent_dim")
            self.axes_ = self._separate(unit_rows(self.slopes_ @ span.T @ span))
        self.centres_ = middle + (np.array(means) - middle) @ span.T @ span
        # Over soft labels, each sample once for every emotion: also one that is never the likeliest has its slope.
        count = len(probability.T)
        posterior = LogisticRegression(max_iter=1000).fit(
            np.repeat(z @ span.T, count, axis=0), np.tile(np.arange(count), len(z)), probability.ravel()
        )
        if count == 2:  # then scikit-learn keeps one row, the log-odds of the second
            posterior.coef_ = np.vstack([-posterior.coef_, posterior.coef_]) / 2
            posterior.intercept_ = np.concatenate([-posterior.intercept_, posterior.intercept_]) / 2
        self.posterior_slopes_, self.posterior_intercepts_ = posterior.coef_ @ span, posterior.intercept_
        return self

    def _of(self, probability: np.ndarray) -> np.ndarray:
        clear = np.flatnonzero(probability >= self.clear)
        return clear if len(clear) >= self.fewest else np.argsort(-probability)[: self.fewest]


class BoundaryAxes(LogitAxes):
    """Normals of linear boundaries between faces that show an emotion most and least (InterFaceGAN, Shen et al. 2020).

    Its conditional projection takes out of each normal what it shares with the one that it is most like. (All others
    together span every direction in which emotions differ: without them nothing but noise would be left.)

    Args:
        extreme: share of the samples taken from either end, by the probability of the emotion.
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
    """Fisher's linear discriminants: from the middle to the mean of each emotion, where spread within them counts less.

    Every sample counts for each emotion by its probability.
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
    """Slopes (E, latent_dim) and intercepts (E,) of each target, (N, E), on its own direction alone."""
    place = z @ directions.T
    centred = place - place.mean(axis=0)
    slopes = (centred * targets).sum(axis=0) / np.square(centred).sum(axis=0)
    return slopes[:, None] * directions, targets.mean(axis=0) - slopes * place.mean(axis=0)


def gram_schmidt(directions: np.ndarray) -> np.ndarray:
    """Unit rows, each with the rows before it projected out (paper, step V): the first keeps its direction."""
    done: list[np.ndarray] = []
    for row in directions:
        for before in done:
            row = row - (row @ before) * before
        done.append(row / np.linalg.norm(row))
    return np.array(done)


def symmetric_axes(directions: np.ndarray) -> np.ndarray:
    """Unit rows as near to the given ones as rows with equal mutual angles can be; no row comes first.

    Löwdin's symmetric orthogonalisation, (V Vᵀ)^(-1/2) V, on the rows' own span. Slopes of centred logits sum to zero,
    so E rows span E - 1 dimensions and cannot be orthogonal: there they become a regular simplex with cosines of
    -1 / (E - 1), along which one emotion grows and all the others shrink alike.
    """
    left, values, right = np.linalg.svd(directions, full_matrices=False)
    kept = values > 1e-6 * values[0]
    return unit_rows(left[:, kept] @ right[kept])


def unit_rows(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
