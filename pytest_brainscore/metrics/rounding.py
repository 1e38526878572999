"""What is the same number but for rounding: where columns are constant, and where their values tie.

Numbers that are equal in truth come apart in the last digits when they are summed in another order: means of
three or five repetitions, dissimilarities of the same patterns, coordinates in the place of units. Over 500
stimuli the distances of coordinates are off by up to 1e-13 of the largest, those of 30,000 units by 1e-12
(here from one to the next 5e-13), while values that do differ are rarely as close.
"""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDING = 1e-12
"""Of the largest absolute value of a column: values that differ by less are equal."""


def constant(columns: Tensor) -> Tensor:
    """Return (m,), or () of one column (n,): whether all its values are equal; not where it holds NaN."""
    most, least = columns.amax(dim=0), columns.amin(dim=0)
    same: Tensor = most - least <= ROUNDING * torch.maximum(most.abs(), least.abs())
    return same


def rises(ordered: Tensor) -> Tensor:
    """Return (n - 1, m): whether each value of sorted, finite columns (n, m) is above the one before it.

    Values tie with their neighbours, so that many in small steps are all one.
    """
    largest = torch.maximum(ordered[0].abs(), ordered[-1].abs())
    above: Tensor = ordered[1:] - ordered[:-1] > ROUNDING * largest
    return above
