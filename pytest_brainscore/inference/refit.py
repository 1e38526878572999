"""Refit: replicates over stimuli of scores whose mapping is fitted anew without each group of stimuli."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from ..metrics.measurement import Measurement
from ..metrics.splits import Split
from .jackknife import PAIRS_OF
from .members import per_split
from .replicates import Factor, Replicates
from .sampling import Sampling, without
from .stored import JOINT, both, members


def refit(score: Callable[[Tensor], float], n: int, sampling: Sampling, *, fits: bool = True) -> Replicates:
    """Delete-group jackknife over n stimuli: the score without each of g groups, then without each two.

    g: `sampling.groups`; for the twos groups are joined to `PAIRS_OF` at most. score: the raw score of the
    rows (k,) that are kept; mappings fitted on their training stimuli, and judged on their test stimuli, of
    the same splits (see `kept`). fits: False for a metric that fits nothing.
    Raises MetricError for a single stimulus.
    """
    parts = sampling.parts(n)
    values = [score(without(part, n)) for part in (*parts, *_twos(parts))]
    return Replicates("jackknife", "stimulus", np.array(values, dtype=np.float64), n, refit=fits)


def _twos(parts: Sequence[Tensor]) -> list[Tensor]:
    """The rows of every two groups, of groups that are joined to `PAIRS_OF`."""
    at = np.array_split(np.arange(len(parts)), min(PAIRS_OF, len(parts)))
    joined = [torch.cat([parts[i] for i in some]) for some in at]
    return [torch.cat(two) for two in combinations(joined, 2)]


def refitted(
    measure: Callable[[Tensor], Measurement],
    measured: Measurement,
    n: int,
    sampling: Sampling,
    over: Collection[str] | None = None,
    *,
    fits: bool = True,
) -> dict[Factor, Replicates]:
    """`refit` over stimuli, and subjects or neuroids from the values of the whole fit, as `stored` has them.

    measure: the measurement of the rows that are kept. measured: that of all n stimuli.
    """
    found = members(measured, sampling, over)
    if over is not None and "stimulus" not in over:
        return found
    stimuli = refit(lambda rows: measure(rows).raw(), n, sampling, fits=fits)
    factor = next(iter(found), None)
    if factor is not None:
        parts = [measure(without(part, n)) for part in sampling.parts(n)]
        drawn = [per_split(part, factor, sampling, JOINT).mean(axis=1) for part in parts]
        found["both"] = both(stimuli, np.stack(drawn, axis=1))
    return {"stimulus": stimuli, **found}


def kept(splits: Sequence[Split], rows: Tensor, n: int) -> list[Split]:
    """The same splits among the rows (k,) of n stimuli that are kept, as positions in `rows`.

    Splits that were drawn anew would be one more reason for the score to move.
    """
    place = torch.full((n,), -1, dtype=torch.int64)
    place[rows] = torch.arange(len(rows))
    sides = ([place[side.cpu()] for side in (split.train, split.test)] for split in splits)
    return [Split(train[train >= 0], test[test >= 0]) for train, test in sides]
