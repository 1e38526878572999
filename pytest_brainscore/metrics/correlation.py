"""Correlations of matching columns, on any device.

Each takes two tensors (n, m) that broadcast over columns and returns (m,): one figure per column, NaN where
a column is constant up to rounding (it has no order and no direction) or holds NaN. Values that rounding
alone keeps apart tie (`rounding.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import scipy.stats
import torch
from torch import Tensor

from .rounding import constant, rises

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
    a, b = rank(a), rank(b)
    product = ((a - (n + 1) / 2) * (b - (n + 1) / 2)).sum(dim=0)
    return torch.where(constant(a) | constant(b), torch.nan, 12 * product / (n**3 - n))


def kendall_tau_a(a: Tensor, b: Tensor) -> Tensor:
    """Return Kendall's tau-a, (concordant - discordant pairs) / all pairs; scipy counts them on the CPU."""
    width = max(a.shape[1], b.shape[1])
    pairs = zip(*(rank(x).expand(-1, width).T.cpu() for x in (a, b)), strict=True)
    columns = [_tau_a(left, right) for left, right in pairs]
    return torch.tensor(columns, dtype=torch.float64, device=a.device)


def rank(x: Tensor) -> Tensor:
    """Return ranks 1..n within each column (n, m), ties sharing their average; NaN for a column with NaN.

    Values tie where they differ by no more than rounding.
    """
    ordered, order = x.sort(dim=0)
    place = torch.arange(x.shape[0], device=x.device).reshape(-1, *[1] * (x.ndim - 1)).expand(x.shape)
    starts = torch.ones_like(ordered, dtype=torch.bool)
    starts[1:] = rises(ordered)
    ends = starts.roll(-1, dims=0)
    first = torch.where(starts, place, 0).cummax(dim=0).values
    last = torch.where(ends, place, x.shape[0]).flip(0).cummin(dim=0).values.flip(0)
    average = (first + last).to(torch.float64) / 2 + 1
    ranks = torch.empty_like(average).scatter_(0, order, average)
    return ranks.masked_fill(x.isnan().any(dim=0, keepdim=True), torch.nan)


def all_differ(ordered: Tensor) -> bool:
    """Whether Spearman's rho of sorted columns (n, m) is that of their order alone, within 1e-9.

    It is without ties; and with few, as a million numbers have by chance: among n values k steps that are
    rounding, even if side by side, move rho by at most 3 (k + 1)^2 / n^2.
    """
    steps = int((~rises(ordered)).sum(dim=0).amax())
    return steps == 0 or 3 * (steps + 1) ** 2 <= 1e-9 * len(ordered) ** 2


def _unit(columns: Tensor, original: Tensor | None = None) -> Tensor:
    """Return columns of length one; NaN for those that are rounding beside the `original`."""
    norm = columns.square().sum(dim=0).sqrt()  # vector_norm takes five times as long over rows
    nothing = norm == 0 if original is None else constant(original)
    scaled: Tensor = columns / norm.masked_fill(nothing, torch.nan)
    return scaled


def _tau_a(a: Tensor, b: Tensor) -> float:
    """Of ranks (n,): undo the tie correction of scipy's tau-b."""
    pairs = len(a) * (len(a) - 1) / 2
    tau_b = float(scipy.stats.kendalltau(a.numpy(), b.numpy()).statistic)
    return tau_b * float(((1 - _tied(a) / pairs) * (1 - _tied(b) / pairs)) ** 0.5)


def _tied(ranks: Tensor) -> float:
    """How many pairs tie; average ranks are whole or halves."""
    counts = torch.bincount((2 * ranks).nan_to_num().to(torch.int64)).to(torch.float64)
    return float((counts * (counts - 1) / 2).sum())
