"""Whitened comparison of RDMs: dissimilarities that share a stimulus are not independent, and count for less.

With noise that is the same for all stimuli, whitening the entries of RDMs of squared distances comes to
centring both RDMs over rows and columns, so that the cosine is linear centred kernel alignment.
Diedrichsen, Berlot, Mur, Schuett, Shahbazi and Kriegeskorte 2021, Neurons, Behavior, Data analysis and
Theory 5(3).

Both take upper triangles (pairs, m), float64, that broadcast over columns, and return (m,).
"""

from __future__ import annotations

import torch
from torch import Tensor

from .correlation import cosine
from .rounding import constant


def whitened_cosine(a: Tensor, b: Tensor) -> Tensor:
    """Return the cosine of whitened RDMs; NaN for one of zeros."""
    return cosine(_whitened(a), _whitened(b))


def whitened_pearson(a: Tensor, b: Tensor) -> Tensor:
    """Return the cosine of RDMs that are whitened without their means; NaN for a constant one."""
    return cosine(*(_whitened(_without_mean(x)) for x in (a, b)))


def _without_mean(columns: Tensor) -> Tensor:
    return (columns - columns.mean(dim=0)).masked_fill(constant(columns), 0.0)


def _whitened(columns: Tensor) -> Tensor:
    """Return (pairs + n, m): centred over rows and columns, each pair counted twice and itself once."""
    pairs, m = columns.shape
    n = round((1 + (1 + 8 * pairs) ** 0.5) / 2)
    row, column = torch.triu_indices(n, n, offset=1, device=columns.device)
    square = columns.new_zeros(n, n, m)
    square[row, column] = square[column, row] = columns
    means = square.mean(dim=0)
    centred = square - means - means[:, None] + means.mean(dim=0)
    return torch.cat([2**0.5 * centred[row, column], centred.diagonal().T])
