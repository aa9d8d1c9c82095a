"""R², the share of a quantity's variance that predictions explain."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import r2_score


def r2(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """R² (K,) of each column of predictions (N, K): 1 at best, 0 for guessing the mean, and below 0 for worse.

    A column that is constant in `truth` has no variance to explain: 0, or 1 where every prediction is right, as in
    scikit-learn. NaN for every column when there are fewer than two rows.
    """
    if len(truth) < 2 or truth.shape[1] == 0:
        return np.full(truth.shape[1], np.nan)
    # Without its first value a constant column is exactly 0, where its rounded mean may differ from it.
    first = truth[:1].astype(np.float64)
    return r2_score(truth - first, predicted - first, multioutput="raw_values")
