"""Permutation: the score where stimuli are shuffled, so that model and brain have nothing in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from ..specs.results import Null
from .sampling import Sampling


def null(
    score: Callable[[Tensor], float | Tensor],
    n: int,
    permutations: int,
    sampling: Sampling,
    observed: float,
    *,
    refit: bool = False,
) -> Null:
    """The distribution of the score over random orders of n stimuli, and where the observed one is in it.

    score: of an order (n,), the raw score with the model's stimuli in this order; or that of each layer that
    one is chosen from, (layers,): then the maximum is taken, with one order for all of them, and `observed`
    is the highest of the true order. p counts the observed score as one of the shuffles, so that it is never
    zero (Phipson and Smyth 2010). Layers without a score (NaN) are skipped.
    Raises MetricError for no permutations, and where a shuffle has no score.
    """
    if permutations < 1:
        raise MetricError(f"{permutations} permutations: a null needs 1 or more")
    found = [_best(score(order)) for order in sampling.orders(n, permutations)]
    scores = np.array([best for best, _ in found])
    if not np.isfinite(scores).all():
        raise MetricError(f"{int((~np.isfinite(scores)).sum())} of {permutations} shuffles have no score")
    return Null(
        p=(1 + int((scores >= observed).sum())) / (1 + permutations),
        high=float(np.quantile(scores, 0.95)),
        mean=float(scores.mean()),
        permutations=permutations,
        refit=refit,
        layers=max(layers for _, layers in found),
    )


def _best(scores: float | Tensor) -> tuple[float, int]:
    """The highest score, and of how many; NaN only where all are."""
    each = torch.as_tensor(scores, dtype=torch.float64).flatten()
    there = each[~each.isnan()]
    return (float(there.max()) if len(there) else float("nan")), len(each)
