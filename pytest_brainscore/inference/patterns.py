"""Patterns: replicates of scores for which nothing is fitted, by bootstrap over stimuli."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from ..metrics import rsa
from .replicates import Factor, Replicates
from .sampling import Sampling

WHOLE = ("whitened_pearson", "whitened_cosine")
"""Comparisons that weigh pairs by the stimuli they share, so that none can be left out."""


def patterns(score: Callable[[Tensor], float], n: int, sampling: Sampling) -> Replicates:
    """Bootstrap over n stimuli: the score of drawn rows (n,), of which some are there more than once.

    score: what is made of copies is its own affair: `rdm_score` leaves their zero distances out. A metric
    that cannot have copies (CKA, Procrustes, neighbours, whitened comparisons) is left to `refit.refit`.
    """
    values = [score(rows) for rows in sampling.draws("stimulus", n)]
    return Replicates("bootstrap", "stimulus", np.array(values, dtype=np.float64), n)


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
        "stimulus": _bootstrap("stimulus", [score(draw, columns) for draw, _ in pairs], n),
        factor: _bootstrap(factor, [score(rows, draw) for _, draw in pairs], m),
        "both": _bootstrap("both", [score(*pair) for pair in pairs], min(n, m)),
    }


def rdm_score(model: Tensor, brain: Tensor, comparison: str) -> Callable[[Tensor, Tensor], float]:
    """The mean over subjects of the likeness of RDMs (n, n) and (s, n, n), on rows and subjects as drawn.

    A pair of two copies of one stimulus has a distance of zero that nobody measured: it is left out.
    Raises MetricError for a comparison that needs all pairs.
    """
    if comparison in WHOLE:
        raise MetricError(f"{comparison} needs every pair of stimuli, so that none can be drawn twice")
    likeness = rsa.COMPARISONS[comparison]

    def score(rows: Tensor, subjects: Tensor) -> float:
        one, other = pairs(rows)
        a, b = model[one, other][:, None], brain[:, one, other].T
        return float(likeness(a, b)[subjects.to(b.device)].mean())

    return score


def pairs(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The rows of every two draws that are not of one stimulus."""
    one, other = torch.triu_indices(len(rows), len(rows), offset=1)
    differ = rows[one] != rows[other]
    return rows[one][differ], rows[other][differ]


def _bootstrap(factor: Factor, values: list[float], count: int) -> Replicates:
    return Replicates("bootstrap", factor, np.array(values, dtype=np.float64), count)
