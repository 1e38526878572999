"""Averaging: means over time bins and over showings, with what was not measured left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_ROWS_AT_ONCE = 8192


def mean_of_bins(values: np.ndarray) -> np.ndarray:
    """(k, m) from (k, m) or (k, m, t): the mean over time bins in float64, NaN left out.

    One bin comes back as it is, in its own precision.
    """
    if values.ndim == 2:
        return values
    if values.shape[2] == 1:
        return values[:, :, 0]
    valid = ~np.isnan(values)
    return _divided(np.where(valid, values, 0).sum(axis=2, dtype=np.float64), valid.sum(axis=2))


def mean_by_group(values: np.ndarray, group: np.ndarray, n_groups: int) -> np.ndarray:
    """Means (n_groups, m) of the rows of values (k, m), float64; NaN is left out, and of none it is NaN."""
    total = np.zeros((n_groups, values.shape[1]))
    count = np.zeros((n_groups, values.shape[1]), dtype=np.int64)
    for rows, starts, groups in _runs(group):
        block = values[rows].astype(np.float64)
        invalid = np.isnan(block)
        block[invalid] = 0
        total[groups] += np.add.reduceat(block, starts, axis=0)
        lengths = np.diff(starts, append=len(rows))
        count[groups] += lengths[:, None]
        if invalid.any():
            count[groups] -= np.add.reduceat(invalid, starts, axis=0, dtype=np.int64)
    return _divided(total, count)


def _runs(group: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Blocks of rows sorted by group: the rows, where each group starts among them, and which it is."""
    order = np.argsort(group, kind="stable")
    for first in range(0, len(order), _ROWS_AT_ONCE):
        rows = order[first : first + _ROWS_AT_ONCE]
        groups, starts = np.unique(group[rows], return_index=True)
        yield rows, starts, groups


def _divided(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    mean: np.ndarray = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean
