"""Variance: how far a score, or a difference of two, varies by all that was sampled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import MetricError
from . import jackknife
from .one_factor import Variance, numbers, of_splits, variance_of
from .replicates import Replicates, Sampled


def variance(sampled: Sampled) -> Variance:
    """The variance by all factors of `sampled` together; of one factor, by it.

    Each factor's own variance holds the interaction of the two, so that their sum holds it twice:
    V = V_stimuli + V_members - V_interaction. Where both are bootstraps see `_dual`, else `_crossed`.
    Without "both" V is the sum, which is too large rather than too small. df: Welch and Satterthwaite.
    Raises MetricError for no factor, or more than two.
    """
    parts = {factor: variance_of(made) for factor, made in sampled.items() if factor != "both"}
    if not 1 <= len(parts) <= 2:
        raise MetricError(
            f"{len(parts)} factors: a score varies by stimuli, by subjects or neuroids, or both"
        )
    if len(parts) == 1:
        return next(iter(parts.values()))
    member = next(factor for factor in parts if factor != "stimulus")
    stimuli, members = parts["stimulus"], parts[member]
    if "both" not in sampled:
        return _summed(stimuli.value + members.value, stimuli, members)
    if sampled["both"].way == "bootstrap":
        return _dual(sampled["stimulus"], sampled[member], sampled["both"])
    return _crossed(stimuli, members, _interaction(sampled["stimulus"], sampled[member], sampled["both"]))


def _summed(value: float, *parts: Variance) -> Variance:
    """value, with the degrees of freedom of the sum of its parts, from the fewest of these to their sum."""
    squares = sum(part.value**2 / part.df for part in parts)
    least, most = min(part.df for part in parts), sum(part.df for part in parts)
    return Variance(value, float(np.clip(value**2 / squares, least, most)) if squares > 0 else least)


def _dual(stimuli: Replicates, members: Replicates, both: Replicates) -> Variance:
    """Of bootstraps: the interaction is what the joint bootstrap has above the two.

    Never less than either, nor more than the joint one (Schuett et al. 2023, eLife 12:e82566).
    """
    n, m, joint = stimuli.count, members.count, float(numbers(both).var(ddof=1))
    above = joint - float(stimuli.values.var(ddof=1)) - float(members.values.var(ddof=1))
    parts = variance_of(stimuli), variance_of(members)
    values = [part.value for part in parts]
    once = sum(values) - n / (n - 1) * m / (m - 1) * above
    return _summed(min(max(once, *values), joint), *parts)


def _crossed(stimuli: Variance, members: Variance, interaction: float) -> Variance:
    """V_stimuli + V_members - V_interaction, at least half the larger of the two.

    The last two are known well beside the first, so that their difference may well be below zero.
    """
    alone = members.value - interaction
    least = max(stimuli.value, members.value) / 2
    return _summed(max(stimuli.value + alone, least), stimuli, Variance(alone, members.df))


def _interaction(stimuli: Replicates, members: Replicates, both: Replicates) -> float:
    """The variance by the interaction: that over stimuli of what resampling members adds to the score.

    Of a bootstrap of m members it is (m - 1)/m of what is due. Of a jackknife it holds pairs of stimuli
    twice, as V_stimuli does before its correction, and is corrected by the same factor.
    """
    m = members.count
    if stimuli.way == "splits":
        k, shared = len(stimuli.values), stimuli.shared
        if shared is not None and both.shared is not None:
            shared = replace(shared, line=_added(both.shared.line, k))
        return m / (m - 1) * float(of_splits(_added(numbers(both), k), shared).mean())
    singles, twos = jackknife.singles_and_twos(numbers(stimuli))
    k, plain = len(singles), jackknife.variance(singles, twos[:0])
    left = jackknife.variance(singles, twos) / plain if plain > 0 else 1.0
    added = _added(numbers(both), k).var(axis=-1, ddof=1)
    return left * m / (m - 1) * (k - 1) ** 2 / k * float(added.mean())


def _added(flat: np.ndarray, k: int) -> np.ndarray:
    """Return (b, k): what each resample of members adds to each of k replicates over stimuli."""
    table = flat.reshape(-1, k)
    return np.asarray((table - table.mean(axis=0)) * np.sqrt(len(table) / (len(table) - 1)))
