"""Variance: how far a score, or a difference of two, varies from sample to sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import MetricError
from . import jackknife
from .replicates import Factor, Replicates, Sampled


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

    splits (J of them): (1/J + test/train) s^2, J - 1 df: Nadeau and Bengio 2003, Mach. Learn. 52:239.
    bootstrap, of n: n/(n - 1) s^2, n - 1 df: Schuett et al. 2023, eLife 12:e82566. jackknife, of g groups:
    as `jackknife.variance` has it, g - 1 df. s^2 has ddof 1.
    Raises MetricError for fewer than 2 replicates, and where one of them is not a number.
    """
    values = _numbers(replicates)
    if replicates.way == "jackknife":
        singles, twos = jackknife.singles_and_twos(values)
        return Variance(jackknife.variance(singles, twos), len(singles) - 1.0)
    df = replicates.count - 1 if replicates.way == "bootstrap" else len(values) - 1
    return Variance(_scale(replicates, len(values)) * float(values.var(ddof=1)), float(df))


def variance(sampled: Sampled) -> Variance:
    """The variance by all factors of `sampled` together; of one factor, by it.

    Each factor's own variance holds the interaction of the two, so that their sum holds it twice:
    V = V_stimuli + V_members - V_interaction, never less than either of them. Where both are bootstraps the
    interaction is what the joint bootstrap has above the two (Schuett et al. 2023), and V no more
    than its variance. Else it is by how much V_stimuli grows, in the mean, where members are resampled.
    Without "both" V is the sum, which is too large rather than too small. df: Welch and Satterthwaite.
    Raises MetricError for no factor, or more than two.
    """
    parts = [variance_of(replicates) for factor, replicates in sampled.items() if factor != "both"]
    if not 1 <= len(parts) <= 2:
        raise MetricError(
            f"{len(parts)} factors: a score varies by stimuli, by subjects or neuroids, or both"
        )
    if len(parts) == 1:
        return parts[0]
    total = _total(sampled, parts)
    shares = sum(part.value**2 / part.df for part in parts)
    least = min(part.df for part in parts)
    return Variance(total, max(least, total**2 / shares) if shares > 0 else least)


def _total(sampled: Sampled, parts: list[Variance]) -> float:
    together = sum(part.value for part in parts)
    if "both" not in sampled:
        return together
    members = next(r for factor, r in sampled.items() if factor not in ("stimulus", "both"))
    twice, most = _interaction(sampled["stimulus"], members, sampled["both"])
    return min(max(together - twice, *(part.value for part in parts)), max(most, 0.0))


def _interaction(stimuli: Replicates, members: Replicates, both: Replicates) -> tuple[float, float]:
    """The variance by the interaction of the two factors, and the most that the total may be."""
    m = members.count
    if both.way == "bootstrap":
        n, joint = stimuli.count, float(_numbers(both).var(ddof=1))
        above = joint - float(stimuli.values.var(ddof=1)) - float(members.values.var(ddof=1))
        return n / (n - 1) * m / (m - 1) * above, joint
    k = (
        len(jackknife.singles_and_twos(stimuli.values)[0])
        if stimuli.way == "jackknife"
        else len(stimuli.values)
    )
    table, alone = _numbers(both).reshape(-1, k), float(_numbers(stimuli)[:k].var(ddof=1))
    grown = _scale(stimuli, k) * (float(table.var(axis=1, ddof=1).mean()) - alone)
    return m / (m - 1) * max(grown, 0.0), np.inf


def _scale(replicates: Replicates, k: int) -> float:
    """What s^2 of the k replicates is multiplied with."""
    if replicates.way == "splits":
        return 1 / k + (replicates.ratio or 0.0)
    if replicates.way == "bootstrap":
        return replicates.count / (replicates.count - 1)
    return (k - 1) ** 2 / k


def _numbers(replicates: Replicates) -> np.ndarray:
    values = np.asarray(replicates.values, dtype=np.float64)
    bad = int((~np.isfinite(values)).sum())
    if len(values) < 2 or bad:
        raise MetricError(
            f"{len(values)} replicates over {replicates.factor}, {bad} of them not a number: no variance is"
            " known from these"
        )
    return values


def minus(a: Sampled, b: Sampled) -> dict[Factor, Replicates]:
    """Replicates of the difference of two scores. Raises MetricError where their samples are not the same."""
    if a.keys() != b.keys() or any(_plan(a[factor]) != _plan(b[factor]) for factor in a):
        raise MetricError(
            f"the scores were not resampled alike ({_said(a)}; {_said(b)}), so that their difference has no"
            " error: score both models by the same release, on the same benchmark"
        )
    return {factor: a[factor].minus(b[factor]) for factor in a}


def _plan(replicates: Replicates) -> tuple[object, ...]:
    r = replicates
    return r.way, r.factor, len(r.values), r.count, r.ratio, r.refit, r.alone


def _said(sampled: Sampled) -> str:
    said = [f"{factor} by {len(r.values)} {r.way} of {r.count}" for factor, r in sampled.items()]
    return ", ".join(said) or "not at all"
