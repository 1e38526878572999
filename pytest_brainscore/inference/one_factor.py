"""One factor: how far a score, or a difference of two, varies from sample to sample of one factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import MetricError
from . import jackknife
from .replicates import Replicates


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
    return Variance(float(of_splits(replicates, values, replicates.line)), len(values) - 1.0)


def of_splits(made: Replicates, values: np.ndarray, line: np.ndarray) -> np.ndarray:
    """The variance (...) of the mean over splits, of values and what splits share of them (..., splits)."""
    own, shared = (np.var(each, axis=-1, ddof=1) for each in (values, line))
    return np.asarray(own / (made.of or values.shape[-1]) + (made.ratio or 0.0) * shared)


def numbers(replicates: Replicates) -> np.ndarray:
    """The values; raises MetricError for fewer than 2, and where one is not a number."""
    values = np.asarray(replicates.values, dtype=np.float64)
    bad = int((~(np.isfinite(values) & np.isfinite(replicates.line))).sum())
    if len(values) < 2 or bad:
        raise MetricError(
            f"{len(values)} replicates over {replicates.factor}, {bad} of them not a number: no variance is"
            " known from these"
        )
    return values
