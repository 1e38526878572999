"""Bootstrap: replicates of scores for which nothing is fitted, on stimuli that are drawn again and again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .replicates import Factor, Replicates
from .sampling import Sampling


def bootstrapped(score: Callable[[Tensor], float], n: int, sampling: Sampling) -> Replicates:
    """Bootstrap over n stimuli: the score of drawn rows (n,), of which some are there more than once.

    score: what is made of copies is its own affair. A metric that cannot have copies (RDMs, whose distance of
    two copies nobody measured, CKA, Procrustes, neighbours) is left to `left_out`.
    Raises MetricError for a single stimulus.
    """
    return _replicates("stimulus", [score(rows) for rows in sampling.draws("stimulus", n)], n)


def two_factors(
    score: Callable[[Tensor, Tensor], float], n: int, m: int, sampling: Sampling, factor: Factor = "neuroid"
) -> dict[Factor, Replicates]:
    """Bootstraps over n stimuli, over m members (`factor`), and over both at once, on the same draws.

    score: of rows (n,) and columns (m,), as drawn. What Schuett et al. 2023 correct: see `variance`.
    Raises MetricError for fewer than 2 of either.
    """
    rows, columns = torch.arange(n), torch.arange(m)
    pairs = list(zip(sampling.draws("stimulus", n), sampling.draws(factor, m), strict=True))
    return {
        "stimulus": _replicates("stimulus", [score(draw, columns) for draw, _ in pairs], n),
        factor: _replicates(factor, [score(rows, draw) for _, draw in pairs], m),
        "both": _replicates("both", [score(*pair) for pair in pairs], min(n, m)),
    }


def _replicates(factor: Factor, values: list[float], count: int) -> Replicates:
    return Replicates("bootstrap", factor, np.array(values, dtype=np.float64), count)
