"""Stored: replicates from the values of one fit, per split and neuroid or subject."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import numpy as np
import torch

from ..metrics.measurement import Measurement
from ..metrics.splits import Split
from .influence import linearised
from .members import JOINT, Centres, members, per_split, scores
from .replicates import Factor, Replicates, both
from .sampling import Sampling

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
