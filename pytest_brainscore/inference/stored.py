"""Stored: replicates from the values of one fit, per split and neuroid or subject."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..metrics.measurement import Measurement
from ..metrics.splits import Split
from .members import count_of, factor_of, per_split
from .replicates import Factor, Replicates
from .sampling import Sampling

JOINT = 100
"""So many of the resamples of neuroids or subjects tell their interaction with stimuli."""


def stored(
    measured: Measurement,
    splits: Sequence[Split],
    n: int,
    sampling: Sampling,
    over: Collection[str] | None = None,
) -> dict[Factor, Replicates]:
    """Replicates of a score over stimuli, and over subjects or neuroids, without any new fit.

    Stimuli by `splits`, the score of each, where there are several; n is how many stimuli there are. Subjects
    where every one has a number of its own, else neuroids, by bootstrap of the columns of the values. Where
    there are both factors there is "both": for each of `JOINT` resamples of members the score of each split.
    over: which of these are wanted; by default all. A factor of a single member has none.
    """
    found = members(measured, sampling, over)
    stimuli = _by_splits(measured, splits, n) if over is None or "stimulus" in over else None
    if stimuli is None:
        return found
    factor = next(iter(found), None)
    if factor is not None:
        found["both"] = both(stimuli, per_split(measured, factor, sampling, JOINT))
    return {"stimulus": stimuli, **found}


def members(
    measured: Measurement, sampling: Sampling, over: Collection[str] | None = None
) -> dict[Factor, Replicates]:
    """Replicates over subjects or neuroids alone: one entry, or none."""
    factor = factor_of(measured, over)
    if factor is None:
        return {}
    values = per_split(measured, factor, sampling).mean(axis=1)
    return {factor: Replicates("bootstrap", factor, values, count_of(measured, factor))}


def both(stimuli: Replicates, values: np.ndarray) -> Replicates:
    """Replicates of both factors: of each resample of members (b, k) the k replicates over stimuli."""
    return Replicates(stimuli.way, "both", values.flatten(), stimuli.count, stimuli.ratio, stimuli.refit)


def _by_splits(measured: Measurement, splits: Sequence[Split], n: int) -> Replicates | None:
    values = measured.per_split().cpu().numpy()
    if len(values) < 2 or len(values) != len(splits):
        return None
    ratio = float(np.mean([len(split.test) / len(split.train) for split in splits]))
    return Replicates("splits", "stimulus", values, n, ratio)
