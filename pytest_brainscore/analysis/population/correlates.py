"""Correlates: how scores go with what is known of networks, and with the scores on other benchmarks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..statistics.rank_correlation import interval, spearman
from .networks import Network

WORDS = ("parameters", "top1", "year", "dimensionality")


@dataclass(frozen=True)
class Correlate:
    """Spearman's rank correlation of the scores on a benchmark with a word's numbers, or another's scores.

    n: networks that have both. rho: None for fewer than three, or where one side is constant. low, high: its
    95 % interval; None for fewer than six, and where all ranks agree.
    """

    benchmark: str
    of: str
    n: int
    rho: float | None
    low: float | None
    high: float | None


def correlates(
    networks: Mapping[str, Sequence[Network]], words: Sequence[str] = WORDS
) -> tuple[Correlate, ...]:
    """The correlates of each benchmark with each word that any of its networks has a number for."""
    return tuple(
        _correlate(benchmark, word, pairs)
        for benchmark, among in networks.items()
        for word in words
        if (pairs := [(one.score, x) for one in among if (x := one.number(word)) is not None])
    )


def agreement(networks: Mapping[str, Sequence[Network]]) -> tuple[Correlate, ...]:
    """The correlates of each pair of benchmarks, over the networks that both have."""
    return tuple(
        _correlate(first, second, list(_both(networks[first], networks[second])))
        for first, second in combinations(networks, 2)
    )


def _correlate(benchmark: str, of: str, pairs: Sequence[tuple[float, float]]) -> Correlate:
    rho = spearman(pairs)
    ends = None if rho is None else interval(rho, len(pairs))
    low, high = ends or (None, None)
    return Correlate(benchmark, of, len(pairs), rho, low, high)


def _both(first: Sequence[Network], second: Sequence[Network]) -> Iterator[tuple[float, float]]:
    scores = {one.model: one.score for one in second}
    yield from ((one.score, scores[one.model]) for one in first if one.model in scores)
