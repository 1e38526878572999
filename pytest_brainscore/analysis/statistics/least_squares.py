"""Least squares: means of groups beside fixed effects, and the differences between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .estimates import Estimate


@dataclass(frozen=True, eq=False)
class Fit:
    """Means of groups (k,) at the first level of every other factor, their covariance (k, k), and its df."""

    groups: tuple[str, ...]
    means: np.ndarray
    covariance: np.ndarray
    df: float

    def difference(self, group: str, other: str) -> Estimate:
        """A group's mean minus another's."""
        weights = np.array([(name == group) - (name == other) for name in self.groups], dtype=float)
        variance = float(weights @ self.covariance @ weights)
        return Estimate(float(weights @ self.means), float(np.sqrt(max(variance, 0.0))), self.df)


def two_groups(a: np.ndarray, b: np.ndarray) -> Estimate | None:
    """The mean of a minus that of b, with one variance for both: Student's t of two samples.

    None where no spread is left to measure: of one value on either side.
    """
    df = len(a) + len(b) - 2
    if df < 1 or not len(a) or not len(b):
        return None
    squares = float(((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum())
    se = np.sqrt(squares / df * (1 / len(a) + 1 / len(b)))
    return Estimate(float(a.mean() - b.mean()), float(se), df)


def two_groups_apart(a: np.ndarray, b: np.ndarray) -> Estimate | None:
    """The mean of a minus that of b, each with a variance of its own: Welch's t of two samples.

    None where one of them has no spread to measure. Welch 1947, Biometrika 34:28.
    """
    if min(len(a), len(b)) < 2:
        return None
    shares = np.array([one.var(ddof=1) / len(one) for one in (a, b)])
    weights = shares**2 / np.array([len(a) - 1, len(b) - 1])
    df = float(shares.sum() ** 2 / weights.sum()) if weights.sum() else float(len(a) + len(b) - 2)
    return Estimate(float(a.mean() - b.mean()), float(np.sqrt(shares.sum())), df)


def line(x: np.ndarray, y: np.ndarray) -> tuple[Estimate, float]:
    """The slope of y (n,) on x (n,) and the intercept: least squares of at least 3 pairs whose x differ."""
    away = x - x.mean()
    slope = float(away @ y / (away @ away))
    intercept = float(y.mean()) - slope * float(x.mean())
    residual = y - intercept - slope * x
    se = np.sqrt(float(residual @ residual) / (len(x) - 2) / float(away @ away))
    return Estimate(slope, float(se), len(x) - 2), intercept


def fit(
    y: np.ndarray, groups: Sequence[str], factor: Sequence[str], clusters: Sequence[str] | None = None
) -> Fit | None:
    """Ordinary least squares of y (n,) on a dummy for each group and each level of a factor but the first.

    Without clusters: the classical covariance, residual degrees of freedom. With: the sandwich of sums over
    clusters, times G/(G-1) (n-1)/(n-k), and G-1 degrees of freedom. Liang and Zeger 1986, Biometrika.
    None where there are no more rows than columns, or fewer than two clusters.
    """
    names, design = _design(groups, factor)
    n, k = design.shape
    rank = int(np.linalg.matrix_rank(design))
    if rank < k or n <= k:
        return None
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    residual = y - design @ coefficients
    if clusters is None:
        covariance, df = inverse * float(residual @ residual) / (n - k), float(n - k)
    else:
        sums = _sums(design * residual[:, None], clusters)
        count = len(sums)
        if count < 2:
            return None
        covariance = inverse @ (sums.T @ sums) @ inverse * count / (count - 1) * (n - 1) / (n - k)
        df = float(count - 1)
    size = len(names)
    return Fit(names, coefficients[:size], covariance[:size, :size], df)


def _design(groups: Sequence[str], factor: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    names, levels = tuple(dict.fromkeys(groups)), tuple(dict.fromkeys(factor))
    columns = [np.array([group == name for group in groups]) for name in names]
    columns += [np.array([one == level for one in factor]) for level in levels[1:]]
    return names, np.stack(columns, axis=1).astype(float)


def _sums(rows: np.ndarray, clusters: Sequence[str]) -> np.ndarray:
    """Sums of the rows (n, k) of each cluster: (G, k)."""
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, index, rows)
    return sums
