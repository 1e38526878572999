"""Refit: replicates over stimuli of scores whose mapping is fitted anew without each group of stimuli."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import torch
from torch import Tensor

from ..metrics.measurement import Measurement
from ..metrics.splits import Split
from .members import per_split
from .replicates import Factor, Replicates
from .sampling import Sampling, without
from .stored import JOINT, both, members


def refit(score: Callable[[Tensor], float], n: int, sampling: Sampling, *, fits: bool = True) -> Replicates:
    """Delete-group jackknife over n stimuli: the score without each of `sampling.groups` groups.

    score: the raw score of the rows (k,) that are kept; mappings fitted on their training stimuli, and
    judged on their test stimuli, of the same splits (see `kept`).
    fits: False for a metric that fits nothing, and cannot have a stimulus twice as `patterns` would.
    Raises MetricError for a single stimulus.
    """
    values = [score(without(part, n)) for part in sampling.parts(n)]
    return Replicates("jackknife", "stimulus", np.array(values, dtype=np.float64), n, refit=fits)


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
    parts = [measure(without(part, n)) for part in sampling.parts(n)]
    values = np.array([part.raw() for part in parts])
    stimuli = Replicates("jackknife", "stimulus", values, n, refit=fits)
    factor = next(iter(found), None)
    if factor is not None:
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
