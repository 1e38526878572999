"""Left out: replicates over stimuli of scores for which nothing is fitted, without each group of stimuli."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from ..metrics.measurement import Measurement
from .jackknife import FEWEST, PAIRS_OF
from .members import JOINT, members, per_split
from .replicates import Factor, Replicates, both
from .sampling import Sampling, without


def left_out(
    measure: Callable[[Tensor], Measurement],
    measured: Measurement,
    n: int,
    sampling: Sampling,
    over: Collection[str] | None = None,
) -> dict[Factor, Replicates]:
    """`jackknifed` over stimuli, and subjects or neuroids by bootstrap of the values, as `stored` has them.

    measure: the measurement of the rows (k,) that are kept. measured: that of all n stimuli. Where there are
    both factors there is "both": for each of `JOINT` resamples of members the score without each group.
    over: which of these are wanted; by default all. Raises MetricError for a single stimulus.
    """
    found = members(measured, sampling, over)
    if over is not None and "stimulus" not in over:
        return found
    stimuli = jackknifed(lambda rows: measure(rows).raw(), n, sampling)
    factor = next(iter(found), None)
    if factor is not None:
        parts = [measure(without(part, n)) for part in sampling.parts(n)]
        drawn = [per_split(part, factor, sampling, JOINT).mean(axis=1) for part in parts]
        found["both"] = both(stimuli, np.stack(drawn, axis=1))
    return {"stimulus": stimuli, **found}


def jackknifed(score: Callable[[Tensor], float], n: int, sampling: Sampling) -> Replicates:
    """Delete-group jackknife over n stimuli: the score without each of g groups, then without each two.

    g: `sampling.groups`; for the twos groups are joined to `PAIRS_OF` at most. score: the raw score of the
    rows (k,) that are kept. Raises MetricError for a single stimulus.
    """
    parts = sampling.parts(n)
    values = [score(without(part, n)) for part in (*parts, *_twos(parts))]
    return Replicates("jackknife", "stimulus", np.array(values, dtype=np.float64), n)


def _twos(parts: Sequence[Tensor]) -> list[Tensor]:
    """The rows of every two groups, of groups that are joined to `PAIRS_OF`; none of fewer than `FEWEST`."""
    if len(parts) < FEWEST:
        return []
    at = np.array_split(np.arange(len(parts)), min(PAIRS_OF, len(parts)))
    joined = [torch.cat([parts[i] for i in some]) for some in at]
    return [torch.cat(two) for two in combinations(joined, 2)]
