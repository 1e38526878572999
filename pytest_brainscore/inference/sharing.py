"""Sharing: how much the scores of two splits have in common, since they share stimuli."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..metrics.splits import Split

OF_TRAINING = 0.25
"""Of n_test/n_train, at most 1: what splits share beside test stimuli. Of simulations: docs/statistics.md."""
BY_CHANCE = 1.1
"""Random splits overlap by at most so many times what they overlap by on average."""


def overlap(splits: Sequence[Split]) -> float:
    """Which share of their test stimuli two splits have in common, on average; 0 for a single one."""
    if len(splits) < 2:
        return 0.0
    times = torch.cat([split.test.cpu() for split in splits]).bincount()
    tests, twos = int(times.sum()), int((times * (times - 1)).sum())
    return twos / (tests * (len(splits) - 1))


def by_tests(splits: Sequence[Split], n: int) -> float:
    """As far as it is by test stimuli: o/(1 - o) with their overlap o, infinity where all test the same.

    Random splits that test most of the n stimuli vary by their few training stimuli above all, of which they
    share 1 - o: it is (1 - o)/o there.
    """
    o = overlap(splits)
    if 1 - o < 1e-9:
        return float("inf")
    by_chance = o <= BY_CHANCE * len(splits[0].test) / n
    return (1 - o) / o if o > 0.5 and by_chance else o / (1 - o)


def by_training(splits: Sequence[Split]) -> float:
    """As far as it is by training stimuli."""
    return OF_TRAINING * float(np.mean([min(len(split.test) / len(split.train), 1) for split in splits]))


def ratio_of(splits: Sequence[Split], n: int, drawn: Sequence[Split] | None = None) -> float:
    """The covariance of two splits of n stimuli over the variance that they do not share.

    drawn: others of their size, by which the mean over a score's own splits is known where these are too
    few. One score varies by s^2 + o/(1 - o) t^2, with the overlap o of those that were drawn; two of the own
    share their own overlap's part of the t^2/(1 - o) that is by test stimuli.
    """
    if drawn is None:
        return by_tests(splits, n) + by_training(splits)
    j, o, one = len(splits), overlap(drawn), by_tests(drawn, n)
    two = one if o > 0.5 else overlap(splits) / (1 - o)
    return one / j + (1 - 1 / j) * two + by_training(drawn)
