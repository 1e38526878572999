"""Summaries: how many networks there are on a benchmark, how they score, and which are best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...specs.contrasts import Word
from .networks import Network, known_of

NEAR = 0.1


@dataclass(frozen=True)
class Summary:
    """Networks on one benchmark. sd: sample standard deviation; None for fewer than two.

    near_best: how many score less than 0.1 below the best.
    """

    n: int
    mean: float
    sd: float | None
    low: float
    high: float
    best: str
    near_best: int


def summary(networks: Sequence[Network]) -> Summary | None:
    """The summary of networks on one benchmark; None where there are none."""
    if not networks:
        return None
    scores = np.array([one.score for one in networks])
    sd = float(scores.std(ddof=1)) if len(scores) > 1 else None
    near = len(near_best(networks))
    ends = float(scores.min()), float(scores.max())
    return Summary(len(scores), float(scores.mean()), sd, *ends, best(networks, 1)[0].model, near)


def best(networks: Sequence[Network], ranks: int) -> tuple[Network, ...]:
    """The networks of the first `ranks` dense ranks, the best first: those of one score share a rank."""
    kept = set(sorted({one.score for one in networks}, reverse=True)[:ranks])
    return tuple(
        sorted((one for one in networks if one.score in kept), key=lambda one: one.score, reverse=True)
    )


def near_best(networks: Sequence[Network], within: float = NEAR) -> tuple[Network, ...]:
    """The networks that score less than `within` below the best."""
    highest = max((one.score for one in networks), default=0.0)
    return tuple(one for one in networks if one.score > highest - within)


def counts(networks: Sequence[Network], word: str) -> Mapping[Word | None, int]:
    """How many networks have each value of a word, the most frequent first; None: not known."""
    return dict(Counter(known_of(one, word) for one in networks).most_common())
