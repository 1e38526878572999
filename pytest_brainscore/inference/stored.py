"""Stored: replicates from the values of one fit, per split and neuroid or subject."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from ..metrics.measurement import Measurement
from ..metrics.splits import Split
from .influence import linearised
from .members import Centres, count_of, factor_of, per_split, scores
from .replicates import Factor, Replicates
from .sampling import Sampling

JOINT = 100
"""So many of the resamples of neuroids or subjects tell their interaction with stimuli."""
OF_TRAINING = 0.25
"""Of n_test/n_train, which Nadeau and Bengio 2003 take for all that splits share: what training stimuli have
beside shared test stimuli. Of simulations (docs/statistics.md)."""
EXACT = 1e-9


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
    stimuli = by_splits(measured, splits, n) if over is None or "stimulus" in over else None
    return found if stimuli is None else with_both(stimuli, found, measured, sampling)


def members(
    measured: Measurement, sampling: Sampling, over: Collection[str] | None = None
) -> dict[Factor, Replicates]:
    """Replicates over subjects or neuroids alone: one entry, or none."""
    factor = factor_of(measured, over)
    if factor is None:
        return {}
    values = per_split(measured, factor, sampling).mean(axis=1)
    m = count_of(measured, factor)
    return {factor: Replicates("bootstrap", factor, values, m, df=_df(measured, factor, m))}


def _df(measured: Measurement, factor: Factor, m: int) -> float | None:
    """How well a bootstrap of m members knows its variance; None for as well as it would for a mean.

    That of a median is known to a share of m^(-1/4) only (Hall and Martin 1988, Probab. Theory Relat. Fields
    80:261), so that df grows as the root of m. The factor 2 is of simulations: docs/statistics.md.
    """
    a_median = factor == "neuroid" and measured.centre == "median"
    return min(2 * m**0.5, m - 1.0) if a_median else None


def with_both(
    stimuli: Replicates, found: dict[Factor, Replicates], measured: Measurement, sampling: Sampling
) -> dict[Factor, Replicates]:
    """Replicates over stimuli, over members, if any, and over both; measured: on the splits of stimuli."""
    factor = next(iter(found), None)
    if factor is None:
        return {"stimulus": stimuli}
    drawn = (
        per_split(measured, factor, sampling, JOINT, centres) for centres in (None, _in_a_line(measured))
    )
    return {"stimulus": stimuli, **found, "both": both(stimuli, *drawn)}


def both(stimuli: Replicates, values: np.ndarray, shared: np.ndarray | None = None) -> Replicates:
    """Replicates of both factors: of each resample of members (b, k) the k replicates over stimuli."""
    flat = None if shared is None else shared.flatten()
    return replace(stimuli, factor="both", values=values.flatten(), shared=flat)


def by_splits(measured: Measurement, splits: Sequence[Split], n: int) -> Replicates | None:
    """Replicates over n stimuli, the score of each split; None for one split, or where all test the same."""
    values = measured.per_split().cpu().numpy()
    overlap = _overlap(splits)
    if len(values) < 2 or len(values) != len(splits) or overlap > 1 - EXACT:
        return None
    trained = float(np.mean([len(split.test) / len(split.train) for split in splits]))
    ratio = overlap / (1 - overlap) + OF_TRAINING * trained
    return Replicates("splits", "stimulus", values, n, ratio, shared=scores(measured, _in_a_line(measured)))


def _in_a_line(measured: Measurement) -> Centres:
    return partial(linearised, centre=measured.centre)


def _overlap(splits: Sequence[Split]) -> float:
    """Which share of their test stimuli two splits have in common, on average."""
    if len(splits) < 2:
        return 0.0
    times = torch.cat([split.test.cpu() for split in splits]).bincount()
    tests, twos = int(times.sum()), int((times * (times - 1)).sum())
    return twos / (tests * (len(splits) - 1))
