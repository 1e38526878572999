"""What every metric asks of its activations and responses."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import MetricError


def checked(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return activations (n, p) and responses (n, m) in float64, on the device where they are.

    Raises MetricError for other shapes, different n, and NaN or infinity in either.
    """
    x, y = matrix(x, "activations", "unit"), matrix(y, "responses", "neuroid")
    same_stimuli(x, y)
    return x, y


def matrix(values: Tensor, what: str, column: str) -> Tensor:
    """Return `values` (n, columns) in float64; raises MetricError unless they are a finite matrix."""
    return finite(values, what, column).to(torch.float64)


def finite(values: Tensor, what: str, column: str) -> Tensor:
    """Return `values` (n, columns) as they are; raises MetricError unless they are a finite matrix."""
    if values.ndim != 2 or 0 in values.shape:
        raise MetricError(f"{what} must be a filled (stimuli x {column}s) matrix, not {tuple(values.shape)}")
    if not bool(values.sum().isfinite()) and bool((bad := ~values.isfinite()).any()):  # a sum is quicker
        columns = bad.any(dim=0).nonzero().flatten().tolist()
        raise MetricError(
            f"{what}: {int(bad.sum())} of {values.numel()} values are NaN or infinite, in {len(columns)} of "
            f"{values.shape[1]} {column}s ({_listed(columns)}); drop these {column}s or their stimuli"
        )
    return values


def same_stimuli(x: Tensor, y: Tensor) -> None:
    """Raise MetricError unless both have the same number of stimuli (rows)."""
    if x.shape[0] != y.shape[0]:
        raise MetricError(f"{x.shape[0]} stimuli have activations and {y.shape[0]} have responses")


def _listed(columns: list[int]) -> str:
    return ", ".join(str(c) for c in columns[:5]) + (", ..." if len(columns) > 5 else "")
