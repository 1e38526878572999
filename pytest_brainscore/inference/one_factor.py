"""One factor: how far a score, or a difference of two, varies from sample to sample of one factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import MetricError
from . import jackknife
from .replicates import Replicates, Shared


@dataclass(frozen=True)
class Variance:
    """value: of the score, squared unit of the metric. df: how well it is known, as of a t distribution."""

    value: float
    df: float

    @property
    def se(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.value))


def variance_of(replicates: Replicates) -> Variance:
    """The variance by one factor.

    splits, of a mean of J: s^2 / J + ratio t^2, t^2 of the part that splits share. With the ratio
    n_test/n_train, and all of the score shared, that is Nadeau and Bengio 2003, Mach. Learn. 52:239.
    bootstrap, of n: n/(n - 1) s^2: Schuett et al. 2023, eLife 12:e82566. jackknife, of g groups:
    as `jackknife.variance` has it. s^2 has ddof 1. df: one less than there are splits, members or groups, or
    what is known of the bootstrap.
    Raises MetricError for fewer than 2 replicates, and where one of them is not a number.
    """
    values = numbers(replicates)
    if replicates.way == "jackknife":
        singles, twos = jackknife.singles_and_twos(values)
        return Variance(jackknife.variance(singles, twos), len(singles) - 1.0)
    if replicates.way == "bootstrap":
        n = replicates.count
        return Variance(n / (n - 1) * float(values.var(ddof=1)), replicates.df or n - 1.0)
    return Variance(float(of_splits(values, replicates.shared)), len(values) - 1.0)


def of_splits(values: np.ndarray, shared: Shared | None) -> np.ndarray:
    """The variance (...) of the mean over splits, of values and what splits share of them (..., splits)."""
    own = values.var(axis=-1, ddof=1)
    if shared is None:
        return np.asarray(own / values.shape[-1])
    return np.asarray(own / shared.of + shared.ratio * shared.line.var(axis=-1, ddof=1))


def numbers(replicates: Replicates) -> np.ndarray:
    """The values; raises MetricError for fewer than 2, and where one is not a number."""
    values = np.asarray(replicates.values, dtype=np.float64)
    line = values if replicates.shared is None else replicates.shared.line
    bad = int((~(np.isfinite(values) & np.isfinite(line))).sum())
    if len(values) < 2 or bad:
        raise MetricError(
            f"{len(values)} replicates over {replicates.factor}, {bad} of them not a number: no variance is"
            " known from these"
        )
    return values
