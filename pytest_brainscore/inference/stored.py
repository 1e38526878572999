"""Stored: replicates from the values of one fit, per split and neuroid or subject."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import partial

from ..metrics.measurement import Centres, Measurement
from ..metrics.splits import Split
from .influence import linearised
from .members import JOINT, members, per_split, scores
from .replicates import Factor, Replicates, Shared, both
from .sampling import Sampling
from .sharing import ratio_of


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


def by_splits(
    measured: Measurement, splits: Sequence[Split], n: int, drawn: Sequence[Split] | None = None
) -> Replicates | None:
    """Replicates over n stimuli, the score of each split; None for one split, or where all test the same.

    drawn: the splits that were measured, in place of the score's own.
    """
    values, on = measured.per_split().cpu().numpy(), drawn or splits
    if len(values) < 2 or len(values) != len(on) or math.isinf(ratio := ratio_of(splits, n, drawn)):
        return None
    shared = Shared(scores(measured, _in_a_line(measured)), ratio, len(splits))
    return Replicates("splits", "stimulus", values, n, refit=drawn is not None, shared=shared)


def _in_a_line(measured: Measurement) -> Centres:
    return partial(linearised, centre=measured.centre)
