"""Mutual nearest neighbours: are the same stimuli close together for network and brain?

Huh, Cheung, Wang and Isola 2024 (arXiv:2405.07987). Unlike correlations of RDMs it sees the closest pairs
alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import MetricError
from .inputs import matrix, same_stimuli
from .measurement import Measurement, Over
from .rsa import Groups, by_group, cosine_distance, ready
from .splits import Split


def mutual_knn(
    x: Tensor, y: Tensor, splits: Sequence[Split] = (), *, k: int = 10, groups: Groups | None = None
) -> Measurement:
    """Return the share of each stimulus's k nearest that activations and responses have in common, averaged.

    x: activations (n, p). y: responses (n, m), or one ready RDM per subject (s, n, n). The nearest are
    those of the highest cosine, the stimulus itself left out; of equals the first. groups: the columns of
    each subject's neuroids. Values (1, s) or (1, 1), 0 to 1; ``chance`` = k / (n - 1) is what unrelated
    ones have on average. `splits` plays no part. Raises MetricError for NaN, a row of zeros, and k not
    below n - 1.
    """
    x = matrix(x, "activations", "unit")
    brain = ready(y, groups) if y.ndim == 3 else _distances(matrix(y, "responses", "neuroid"), groups)
    same_stimuli(x, brain[0])
    n = len(x)
    if not 1 <= k < n - 1:
        raise MetricError(f"mutual_knn: k = {k} of {n} stimuli: give at least 1 and fewer than {n - 1}")
    near = _nearest(cosine_distance(x), k)
    values = torch.stack([(near & _nearest(one, k)).sum() / (n * k) for one in brain]).to(torch.float64)
    chance = torch.full((1,), k / (n - 1), dtype=torch.float64)
    by_subject = groups is not None or y.ndim == 3
    over: Over = "subject" if by_subject else "all"
    return Measurement(values[None], {"chance": chance}, over=over, centre="mean")


def _distances(y: Tensor, groups: Groups | None) -> Tensor:
    return torch.stack([cosine_distance(columns) for columns in by_group(y, groups)])


def _nearest(distances: Tensor, k: int) -> Tensor:
    """Return (n, n): whether the column's stimulus is among the k nearest of the row's."""
    others = distances.clone().fill_diagonal_(torch.inf)
    order = others.argsort(dim=1, stable=True)[:, :k]
    return torch.zeros_like(others, dtype=torch.bool).scatter_(1, order, True)
