"""Resplit: replicates over stimuli of scores whose mapping is fitted anew, on splits that are drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import torch

from ..metrics.measurement import Measurement
from ..metrics.splits import Split
from .members import members
from .replicates import Factor, Replicates
from .sampling import Sampling
from .stored import by_splits, with_both


def resplit(
    measure: Callable[[Split], Measurement],
    measured: Measurement,
    splits: Sequence[Split],
    n: int,
    sampling: Sampling,
    over: Collection[str] | None = None,
) -> dict[Factor, Replicates]:
    """As `stored`, of a score whose own splits are too few to tell: on others of the same size.

    measure: the measurement of one split of all n stimuli, the mapping fitted on its training stimuli. The
    score itself is that of `splits`, as `measured`: one of those that could have been drawn. Of these
    `sampling.groups` are drawn at random, without strata.
    """
    found = members(measured, sampling, over)
    if over is not None and "stimulus" not in over:
        return found
    drawn = list(_like(splits[0], n, sampling))
    together = _together([measure(split) for split in drawn])
    stimuli = by_splits(together, splits, n, drawn)
    return found if stimuli is None else with_both(stimuli, found, together, sampling)


def _together(each: Sequence[Measurement]) -> Measurement:
    """One measurement of all splits. Units are those of the best layer of each: of them the score is kept."""
    if each[0].over == "unit":
        each = [Measurement(one.per_split()[:, None], over="all", centre="mean") for one in each]
    return replace(each[0], values=torch.cat([one.values for one in each]))


def _like(split: Split, n: int, sampling: Sampling) -> Iterator[Split]:
    """Splits with as many training and test stimuli."""
    train, test = len(split.train), len(split.test)
    for order in sampling.orders(n, sampling.groups):
        yield Split(order[:train], order[train : train + test])
