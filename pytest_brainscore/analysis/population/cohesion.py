"""Cohesion: whether networks of one kind are more alike to each other than to networks of other kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..statistics.estimates import Estimate
from .hypotheses import FEWEST


@dataclass(frozen=True)
class Cohesion:
    """Mean likeness of pairs of networks of one kind, and of pairs of two kinds.

    networks: that have a kind. pairs, pairs_between: how many. difference: within minus between, with the
    jackknife's standard error over networks; None for fewer than FEWEST networks, and where leaving one out
    leaves no pair.
    """

    networks: int
    pairs: int
    pairs_between: int
    within: float
    between: float
    difference: Estimate | None


def cohesion(matrix: np.ndarray, kinds: Sequence[str | None]) -> Cohesion | None:
    """Compare the likenesses (m, m) within and between kinds (m,); None of a network: it takes no part.

    Pairs of one network are not independent, so networks are left out one by one, not pairs: t with m - 1
    degrees of freedom (Efron and Stein 1981). None where there is no pair within, or none between kinds.
    """
    known = [i for i, kind in enumerate(kinds) if kind is not None and np.isfinite(matrix[i, i])]
    likeness = matrix[np.ix_(known, known)]
    own = np.array([kinds[i] for i in known])
    same = own[:, None] == own[None, :]
    above = np.triu(np.ones_like(same), 1)
    pairs, between = int((same & above).sum()), int((~same & above).sum())
    if not pairs or not between:
        return None
    ends = float(likeness[same & above].mean()), float(likeness[~same & above].mean())
    return Cohesion(len(known), pairs, between, *ends, _jackknifed(likeness, same, ends[0] - ends[1]))


def _jackknifed(likeness: np.ndarray, same: np.ndarray, whole: float) -> Estimate | None:
    """The difference of means; sums over the pairs that are left follow from those of the network's row."""
    m = len(likeness)
    if m < FEWEST:
        return None
    left = []
    for kind in (same & ~np.eye(m, dtype=bool), ~same):
        counts, sums = kind.sum(axis=1), (likeness * kind).sum(axis=1)
        rest = counts.sum() / 2 - counts
        if (rest < 1).any():
            return None
        left.append((sums.sum() / 2 - sums) / rest)
    differences = left[0] - left[1]
    spread = float(((differences - differences.mean()) ** 2).sum())
    return Estimate(whole, float(np.sqrt((m - 1) / m * spread)), m - 1)
