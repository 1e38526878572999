"""Correlations of matching columns, on any device.

Each takes two tensors (n, m) that broadcast over columns and returns (m,): one figure per column, NaN where
a column is constant (it has no order and no direction) or holds NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import scipy.stats
import torch
from torch import Tensor

from .linalg import EPSILON

Correlation = Callable[[Tensor, Tensor], Tensor]


def pearson(a: Tensor, b: Tensor) -> Tensor:
    """Return Pearson's r."""
    return (_unit(a - a.mean(dim=0), a) * _unit(b - b.mean(dim=0), b)).sum(dim=0).clamp(-1, 1)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """Return the cosine of the angle between columns; only a column of zeros has none."""
    return (_unit(a) * _unit(b)).sum(dim=0).clamp(-1, 1)


def spearman(a: Tensor, b: Tensor) -> Tensor:
    """Return Spearman's rank correlation: Pearson's r of average ranks."""
    return pearson(rank(a), rank(b))


def rho_a(a: Tensor, b: Tensor) -> Tensor:
    """Return rho-a: what Spearman's rho is on average when ties are broken at random.

    12 sum(centred rank product) / (n^3 - n): Schuett et al. 2023, eLife 12:e82566.
    """
    n = a.shape[0]
    product = ((rank(a) - (n + 1) / 2) * (rank(b) - (n + 1) / 2)).sum(dim=0)
    return torch.where(_constant(a) | _constant(b), torch.nan, 12 * product / (n**3 - n))


def kendall_tau_a(a: Tensor, b: Tensor) -> Tensor:
    """Return Kendall's tau-a, (concordant - discordant pairs) / all pairs; scipy counts them on the CPU."""
    width = max(a.shape[1], b.shape[1])
    pairs = zip(a.expand(-1, width).T.cpu(), b.expand(-1, width).T.cpu(), strict=True)
    columns = [_tau_a(left, right) for left, right in pairs]
    return torch.tensor(columns, dtype=torch.float64, device=a.device)


def rank(x: Tensor) -> Tensor:
    """Return ranks 1..n within each column (n, m), ties sharing their average; NaN for a column with NaN."""
    ordered, order = x.sort(dim=0)
    place = torch.arange(x.shape[0], device=x.device).reshape(-1, *[1] * (x.ndim - 1)).expand(x.shape)
    starts = torch.ones_like(ordered, dtype=torch.bool)
    starts[1:] = ordered[1:] != ordered[:-1]
    ends = starts.roll(-1, dims=0)
    first = torch.where(starts, place, 0).cummax(dim=0).values
    last = torch.where(ends, place, x.shape[0]).flip(0).cummin(dim=0).values.flip(0)
    average = (first + last).to(torch.float64) / 2 + 1
    ranks = torch.empty_like(average).scatter_(0, order, average)
    return ranks.masked_fill(x.isnan().any(dim=0, keepdim=True), torch.nan)


def _unit(columns: Tensor, original: Tensor | None = None) -> Tensor:
    """Return columns of length one; NaN for those that are rounding beside the `original`."""
    norm = columns.square().sum(dim=0).sqrt()  # vector_norm takes five times as long over rows
    nothing = norm == 0 if original is None else _constant(original)
    scaled: Tensor = columns / norm.masked_fill(nothing, torch.nan)
    return scaled


def _constant(x: Tensor) -> Tensor:
    most, least = x.amax(dim=0), x.amin(dim=0)
    constant: Tensor = most - least <= 8 * EPSILON * torch.maximum(most.abs(), least.abs())
    return constant


def _tau_a(a: Tensor, b: Tensor) -> float:
    """Undo the tie correction of scipy's tau-b."""
    pairs = len(a) * (len(a) - 1) / 2
    tau_b = float(scipy.stats.kendalltau(a.numpy(), b.numpy()).statistic)
    return tau_b * float(((1 - _tied(a) / pairs) * (1 - _tied(b) / pairs)) ** 0.5)


def _tied(x: Tensor) -> float:
    counts = torch.unique(x, return_counts=True)[1].to(torch.float64)
    return float((counts * (counts - 1) / 2).sum())
