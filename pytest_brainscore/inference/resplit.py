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
    each = [measure(split) for split in drawn]
    together = replace(each[0], values=torch.cat([one.values for one in each]))
    stimuli = by_splits(together, drawn, n)
    if stimuli is None:
        return found
    return with_both(_fitted(stimuli, len(splits)), found, together, sampling)


def _fitted(stimuli: Replicates, n_splits: int) -> Replicates:
    return replace(stimuli, refit=True, of=n_splits)


def _like(split: Split, n: int, sampling: Sampling) -> Iterator[Split]:
    """Splits with as many training and test stimuli."""
    train, test = len(split.train), len(split.test)
    for order in sampling.orders(n, sampling.groups):
        yield Split(order[:train], order[train : train + test])
