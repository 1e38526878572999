"""Replicates: what a score would have been on other samples, from which every interval and test is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..errors import MetricError

Way = Literal["splits", "bootstrap", "jackknife"]
Factor = Literal["stimulus", "neuroid", "subject", "both"]


@dataclass(frozen=True, eq=False)
class Shared:
    """What the scores of splits have in common, since they share stimuli.

    line: (k,), the part of each score that is shared (`influence.linearised`). ratio: the covariance of two
    of these over the variance that they do not share. of: how many splits the score is the mean of.
    """

    line: np.ndarray
    ratio: float
    of: int

    def minus(self, other: Shared | None) -> Shared:
        """That of the difference of two scores."""
        return self if other is None else replace(self, line=self.line - other.line)


@dataclass(frozen=True, eq=False)
class Replicates:
    """The score on other samples of one factor.

    values: (k,), the raw score of each replicate. `splits`: of each split, on all neuroids; `bootstrap`: of
    each resample; `jackknife`: of the data without each group, and then without each two (`jackknife.py`). Of
    "both" factors: see `variance.variance`. Two models on one benchmark have the same samples in the same
    order (drawn from a counter and its digest), so that the difference of two models' replicates is a
    replicate of their difference.
    count: how many of the factor were sampled from. refit: whether the mapping was fitted anew for each.
    alone: whether the score depends on stimuli too, and these were no sample though they should have been:
    nothing can then be said of two models. shared: of `splits`; None for nothing. df: of a bootstrap; None
    for count - 1.
    """

    way: Way
    factor: Factor
    values: np.ndarray
    count: int
    refit: bool = False
    alone: bool = False
    shared: Shared | None = None
    df: float | None = None

    def minus(self, other: Replicates) -> Replicates:
        """Replicates of the difference of two scores, on the same samples."""
        shared = None if self.shared is None else self.shared.minus(other.shared)
        return replace(self, values=self.values - other.values, shared=shared)


Sampled = Mapping[Factor, Replicates]
"""Of one score, by factor."""


def both(stimuli: Replicates, values: np.ndarray, line: np.ndarray | None = None) -> Replicates:
    """Replicates of both factors: of each resample of members (b, k) the k replicates over stimuli."""
    shared = stimuli.shared
    if shared is not None and line is not None:
        shared = replace(shared, line=line.flatten())
    return replace(stimuli, factor="both", values=values.flatten(), shared=shared)


def minus(a: Sampled, b: Sampled) -> dict[Factor, Replicates]:
    """Replicates of the difference of two scores. Raises MetricError where their samples are not the same."""
    if a.keys() != b.keys() or any(_plan(a[factor]) != _plan(b[factor]) for factor in a):
        raise MetricError(
            f"the scores were not resampled alike ({_said(a)}; {_said(b)}), so that their difference has no"
            " error: score both models by the same release, on the same benchmark"
        )
    return {factor: a[factor].minus(b[factor]) for factor in a}


def _plan(r: Replicates) -> tuple[object, ...]:
    """What two scores must have in common."""
    shared = None if r.shared is None else (r.shared.ratio, r.shared.of)
    return r.way, r.factor, len(r.values), r.count, r.refit, r.alone, r.df, shared


def _said(sampled: Sampled) -> str:
    said = [f"{factor} by {len(r.values)} {r.way} of {r.count}" for factor, r in sampled.items()]
    return ", ".join(said) or "not at all"
