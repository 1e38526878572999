"""What a metric hands back: one match per split and target, and how to make one number of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor

Over = Literal["neuroid", "subject", "all"]
Centre = Literal["median", "mean"]


@dataclass(frozen=True, eq=False)
class Measurement:
    """The match of activations and responses, before any ceiling.

    values: (n_splits, n_targets), float64, in the metric's own unit; NaN where a target has no match to
        speak of (a constant neuroid).
    also: further figures by name, each (n_splits, n_targets) or (n_splits,): ``explained_variance``,
        ``alpha``, ``components``.
    over: what a target is.
    centre: how the targets of one split become one number.
    """

    values: Tensor
    also: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    over: Over = "neuroid"
    centre: Centre = "median"

    def per_split(self) -> Tensor:
        """Return (n_splits,): the centre over targets, NaN skipped; NaN where a split has nothing else."""
        return centre_over_targets(self.values, self.centre)

    def raw(self) -> float:
        """Return the raw score: the mean over splits."""
        return float(self.per_split().mean())

    def error(self) -> float | None:
        """Return the standard deviation over splits (ddof 0) over the root of their number; None for one."""
        return standard_error(self.per_split())


def centre_over_targets(values: Tensor, how: Centre = "median") -> Tensor:
    """Return (n_splits,) from (n_splits, n_targets), skipping NaN."""
    return nanmedian(values) if how == "median" else torch.nanmean(values, dim=1)


def nanmedian(values: Tensor) -> Tensor:
    """Return each row's median as numpy gives it: the mean of the two middle values of an even count.

    `torch.nanmedian` takes the lower of the two, which is another number.
    """
    ordered = values.sort(dim=1).values  # NaN last
    count = (~values.isnan()).sum(dim=1, keepdim=True)
    lower = ordered.gather(1, ((count - 1) // 2).clamp(min=0))
    upper = ordered.gather(1, (count // 2).clamp(max=values.shape[1] - 1))
    middle = ((lower + upper) / 2).squeeze(1)
    return torch.where(count.squeeze(1) == 0, torch.nan, middle)


def standard_error(per_split: Tensor) -> float | None:
    """Return the population standard deviation over the root of the count; None for a single split."""
    n_splits = len(per_split)
    return None if n_splits < 2 else float(per_split.std(correction=0)) / n_splits**0.5
