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
from .rounding import ROUNDING
from .rsa import Groups, by_group, cosine_distance, ready
from .splits import Split


def mutual_knn(
    x: Tensor, y: Tensor, splits: Sequence[Split] = (), *, k: int = 10, groups: Groups | None = None
) -> Measurement:
    """Return the share of each stimulus's k nearest that activations and responses have in common, averaged.

    x: activations (n, p). y: responses (n, m), or one ready RDM per subject (s, n, n), read above the
    diagonal. The nearest are those of the highest cosine, the stimulus itself left out; those that tie for
    the last places share them, as if drawn at random on each side. groups: the columns of each subject's
    neuroids. Values (1, s) or (1, 1), 0 to 1; ``chance`` = k / (n - 1) is what unrelated ones have on
    average. `splits` plays no part. Raises MetricError for NaN, a row of zeros, and k not below n - 1.
    """
    x = matrix(x, "activations", "unit")
    brain = ready(y, groups) if y.ndim == 3 else _distances(matrix(y, "responses", "neuroid"), groups)
    same_stimuli(x, brain[0])
    n = len(x)
    if not 1 <= k < n - 1:
        raise MetricError(f"mutual_knn: k = {k} of {n} stimuli: give at least 1 and fewer than {n - 1}")
    near = _nearest(cosine_distance(x), k)
    values = torch.stack([(near * _nearest(one, k)).sum() / (n * k) for one in brain])
    by_subject = groups is not None or y.ndim == 3
    over: Over = "subject" if by_subject else "all"
    return Measurement(values[None], {"chance": values.new_tensor([k / (n - 1)])}, over=over, centre="mean")


def _distances(y: Tensor, groups: Groups | None) -> Tensor:
    return torch.stack([cosine_distance(columns) for columns in by_group(y, groups)])


def _nearest(distances: Tensor, k: int) -> Tensor:
    """Return (n, n): 1 where the column's stimulus is among the k nearest of the row's, or its share."""
    above = distances.triu(1)
    others = (above + above.T).fill_diagonal_(torch.inf)
    rounding = ROUNDING * above.abs().max()
    last = others.topk(k, dim=1, largest=False).values[:, -1:]
    closer, tied = others < last - rounding, (others - last).abs() <= rounding
    places = k - closer.sum(dim=1, keepdim=True)
    return closer + tied * (places / tied.sum(dim=1, keepdim=True, dtype=others.dtype))
