"""Computes the figures of edits and generators from arrays; the report says how each is defined."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from scipy.stats import mannwhitneyu, rankdata
from sklearn.neighbors import NearestNeighbors
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from tlgan_train.classifiers.judge import SUCCESS
from tlgan_train.evaluation.parts import EditQuality, Estimate

ALREADY_THERE = 0.5
"""Faces that start at this probability or above are there already; success and monotonicity leave them out."""
MAX_FALL = 0.05
"""A walk is monotone if the probability never falls by more than this below its running maximum."""
RESAMPLES = 1000
"""Number of bootstrap resamples over faces for a 95 % confidence interval."""
KID_SUBSETS = 8
KID_SUBSET_SIZE = 1000
NEIGHBOURS = 3
"""k of precision and recall (Kynkäänniemi et al. 2019)."""


def estimate(values: np.ndarray, seed: int = 0) -> Estimate:
    """Mean over N faces of `values` (N,), with its 95 % interval; None for no faces. `seed` is of the bootstrap."""
    if len(values) == 0:
        return Estimate(None, None, None, 0)
    picks = np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(np.asarray(values, float)[picks].mean(axis=1), [0.025, 0.975])
    return Estimate(float(np.mean(values)), float(low), float(high), len(values))


def edit_quality(probability: np.ndarray, character: np.ndarray, features: np.ndarray) -> EditQuality:
    """How well walks of N faces reach their target, and what else stays.

    Args:
        probability: the judge's probability of the target, (N, steps).
        character: the judge's most likely character, (N, steps).
        features: the judge's features, (N, steps, D).
    """
    moved = probability[:, 0] < ALREADY_THERE
    running = np.maximum.accumulate(probability, axis=1)
    stride = np.linalg.norm(np.diff(features, axis=1), axis=2)
    return EditQuality(
        already_there=float(1 - moved.mean()),
        success=estimate(probability[moved, -1] >= SUCCESS),
        mean_end=estimate(probability[:, -1]),
        monotone=estimate(((running - probability) <= MAX_FALL).all(axis=1)[moved]),
        rank_correlation=estimate(rank_correlation(probability[moved])),
        character_kept=estimate((character == character[:, :1]).all(axis=1)),
        smoothness=estimate(stride.max(axis=1) / np.maximum(stride.mean(axis=1), 1e-12)),
    )


def quartiles(values: np.ndarray) -> tuple[Any, Any, Any]:
    """Lower quartile, median and upper quartile over the first axis, as lists or floats; None where that is empty."""
    if not len(values):
        return None, None, None
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0).tolist()
    return low, median, high


def rank_correlation(curves: np.ndarray) -> np.ndarray:
    """Spearman's ρ between the step and the value, for each row of (N, steps); 0 for a constant row."""
    ranks = rankdata(curves, axis=1)
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    steps = np.arange(curves.shape[1]) - (curves.shape[1] - 1) / 2
    spread = np.sqrt((ranks**2).sum(axis=1) * (steps**2).sum())
    return np.divide(ranks @ steps, spread, out=np.zeros(len(curves)), where=spread > 0)


def kid(real: np.ndarray, drawn: np.ndarray, seed: int = 0) -> float | None:
    """Kernel inception distance (Bińkowski et al. 2018) between feature rows (N, D) and (M, D).

    It is unbiased, so it may be below 0. None if either side has fewer than two rows.
    """
    size = min(KID_SUBSET_SIZE, len(real), len(drawn))
    if size < 2:
        return None
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        torch.manual_seed(seed)
        warnings.simplefilter("ignore", UserWarning)  # torchmetrics says that it keeps features in memory, as it should
        metric = KernelInceptionDistance(feature=_GivenFeatures(real.shape[1]), subsets=KID_SUBSETS, subset_size=size)
        return float(_filled(metric, real, drawn).compute()[0])


def fid(real: np.ndarray, drawn: np.ndarray) -> float | None:
    """Fréchet inception distance (Heusel et al. 2017) between feature rows (N, D) and (M, D).

    None if either side has fewer than two rows.
    """
    if min(len(real), len(drawn)) < 2:
        return None
    return float(_filled(FrechetInceptionDistance(feature=_GivenFeatures(real.shape[1])), real, drawn).compute())


def precision_recall(real: np.ndarray, drawn: np.ndarray) -> tuple[float | None, float | None]:
    """Precision and recall (Kynkäänniemi et al. 2019) of feature rows `real` (N, D) and `drawn` (M, D), with k = 3.

    Precision is the share of drawn rows inside the manifold of the real ones, recall the reverse. None if the manifold
    has three rows or fewer, because then no row has a third neighbour.
    """
    return _inside(drawn, real), _inside(real, drawn)


def nearest(queries: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of Q queries the index (Q,) of the nearest row in the pool, and its Euclidean distance (Q,)."""
    distances, indices = NearestNeighbors(n_neighbors=1).fit(pool).kneighbors(queries)
    return indices[:, 0], distances[:, 0]


def copying(train: np.ndarray, held_out: np.ndarray, drawn: np.ndarray) -> float | None:
    """Probability that a drawn row lies nearer to the training rows than a held-out row does, from features (·, D).

    0.5: drawn pictures are as new as pictures that training did not see. Near 1: they are copies of training pictures.
    It is the statistic U of Mann & Whitney, as a share (Meehan et al. 2020). None without training or held-out rows.
    """
    if not len(train) or not len(held_out):
        return None
    new, real = nearest(drawn, train)[1], nearest(held_out, train)[1]
    return float(mannwhitneyu(real, new).statistic / (len(new) * len(real)))


def _inside(queries: np.ndarray, manifold: np.ndarray) -> float | None:
    if len(manifold) <= NEIGHBOURS:
        return None
    radii = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(manifold).kneighbors(manifold)[0][:, -1]
    covered = 0
    for chunk in np.array_split(queries, max(1, len(queries) // 1000)):
        distances = torch.cdist(torch.from_numpy(chunk), torch.from_numpy(manifold)).numpy()
        covered += int((distances <= radii).any(axis=1).sum())
    return covered / len(queries)


class _GivenFeatures(nn.Module):
    """Returns its input: features that are computed already, where torchmetrics expects a network."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features


def _filled(metric, real: np.ndarray, drawn: np.ndarray):  # type: ignore[no-untyped-def]
    metric.update(torch.from_numpy(np.ascontiguousarray(real)), real=True)
    metric.update(torch.from_numpy(np.ascontiguousarray(drawn)), real=False)
    return metric


def percent(value: float | None) -> str:
    """The share with one decimal; a share just below 1 is not rounded up to 100 %."""
    if value is None:
        return "–"
    return ">99.9%" if 0.9995 <= value < 1 else f"{value:.1%}"
