"""Jackknife: the variance of a score from its values without each group of stimuli, and without each two."""

from __future__ import annotations

import math

import numpy as np

from ..errors import MetricError

PAIRS_OF = 10
"""So many groups are left out by twos: enough to know the second order, and not too many fits."""
FEWEST = 4
"""So many groups have twos: of fewer they do not tell the second order, and two leave no stimuli."""


def singles_and_twos(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values (k,) of a jackknife, apart: without each of g groups (g,), and without each two (q,).

    The twos are those of G = min(g, PAIRS_OF) groups, in the order of `itertools.combinations`; fewer than 4
    groups have none. Raises MetricError for a number of values that is none of these.
    """
    k = len(values)
    g = _groups_of(k)
    if g < 2 or g + pairs_of(g) != k:
        raise MetricError(f"{k} values are not those of a jackknife: it has g + G (G - 1) / 2, G at most 10")
    return values[:g], values[g:]


def pairs_of(groups: int) -> int:
    """How many twos are left out: none of fewer groups than `FEWEST`."""
    joined = min(groups, PAIRS_OF)
    return joined * (joined - 1) // 2 if joined >= FEWEST else 0


def _groups_of(k: int) -> int:
    """Of how many groups k values are, if they are those of a jackknife."""
    most = pairs_of(PAIRS_OF)
    if k < FEWEST:
        return k
    return k - most if k >= most + PAIRS_OF else (math.isqrt(8 * k + 1) - 1) // 2


def variance(singles: np.ndarray, twos: np.ndarray) -> float:
    """The variance of the score on all data, corrected for what it has of the second order.

    (g - 1)/g times the sum of squared deviations of the singles holds twice what is due to pairs of stimuli
    (Efron and Stein 1981, Ann. Stat. 9:586), which is most of an RDM's variance, or of a mapping's. It is
    estimated by the twos, less row and column means, and taken off once; a half is always left. What is left
    errs upwards (docs/statistics.md).
    """
    g = len(singles)
    plain = (g - 1) ** 2 / g * float(singles.var(ddof=1))
    return max(plain - _second_order(twos) * (1 - 1 / g), plain / 2)


def _second_order(twos: np.ndarray) -> float:
    """The variance by pairs of stimuli, those of one group among them; 0 without twos.

    For a U statistic of degree 2 the value without groups i and j is, but for terms of i and of j, their
    pair's share in it over (G - 2)(G - 3)/2.
    """
    if not len(twos):
        return 0.0
    joined = (math.isqrt(8 * len(twos) + 1) + 1) // 2
    share = (joined - 2) * (joined - 3) / 2
    squares = float(np.square(_doubly_centred(twos, joined)).sum())
    per_pair = share**2 * squares / (len(twos) - joined)
    return per_pair / len(twos) / (1 - 1 / joined)


def _doubly_centred(twos: np.ndarray, joined: int) -> np.ndarray:
    """Residuals (q,) of a + b_i + b_j fitted to all pairs."""
    table = np.zeros((joined, joined))
    one, other = np.triu_indices(joined, 1)
    table[one, other] = table[other, one] = twos - twos.mean()
    own = table.sum(axis=1) / (joined - 2)
    return np.asarray(table[one, other] - own[one] - own[other])
