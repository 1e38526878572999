"""What a metric hands back: one match per split and target, and how to make one number of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor

Over = Literal["neuroid", "unit", "subject", "all"]
Centre = Literal["median", "mean", "absolute_mean"]
Centres = Callable[[Tensor], Tensor]
"""A centre over targets, (n_splits, ...) of (n_splits, ..., n_targets)."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """The match of activations and responses, before any ceiling.

    values: (n_splits, n_targets), or (n_splits, n_bins, n_targets) over time, float64, in the metric's own
        unit; NaN where a target has no match to speak of (a constant neuroid).
    also: further figures by name, each of the shape of `values` or (n_splits,): ``explained_variance``,
        ``alpha``, ``components``.
    over: what a target is.
    centre: how the targets of one split become one number.
    groups: the targets of each subject, where every subject has a number of its own.
    rdms: of metrics that compare RDMs on both halves, the network's on the test stimuli of each split: (1, k,
        k) for all subjects, or (s, k, k), one for each.
    """

    values: Tensor
    also: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    over: Over = "neuroid"
    centre: Centre = "median"
    groups: Sequence[Tensor] | None = None
    rdms: tuple[Tensor, ...] = ()

    def per_part(self) -> Tensor:
        """Return (n_splits, n_parts): see `by_part`."""
        return by_part(self.values, self.groups, self.centre)

    def per_split(self) -> Tensor:
        """Return (n_splits,): the mean over parts; NaN where one has no number."""
        return self.per_part().mean(dim=1)

    def raw(self) -> float:
        """Return the raw score: the mean over splits."""
        return float(self.per_split().mean())

    def error(self) -> float | None:
        """Return the standard deviation over splits (ddof 0) over the root of their number; None for one."""
        return standard_error(self.per_split())


def by_part(values: Tensor, groups: Sequence[Tensor] | None = None, how: Centre = "median") -> Tensor:
    """Return (n_splits, n_parts): the centre over each part's targets, NaN skipped; NaN where all are.

    values: (n_splits[, n_bins], n_targets). A part is a time bin, a subject's targets, or a subject's in a
    bin, all bins of the first subject first; without any of these there is one part.
    """
    return parts_by(partial(centre_over_targets, how=how), values, groups)


def parts_by(centres: Centres, values: Tensor, groups: Sequence[Tensor] | None = None) -> Tensor:
    """As `by_part`, with another centre over targets."""
    bins = by_bin(values)
    columns = [slice(None)] if groups is None else [group.to(values.device) for group in groups]
    return torch.cat([centres(bins[..., some]) for some in columns], dim=1)


def by_bin(values: Tensor) -> Tensor:
    """Return (n_splits, n_bins, n_targets): one bin where there is no time."""
    return values if values.ndim == 3 else values[:, None]


def centre_over_targets(values: Tensor, how: Centre = "median") -> Tensor:
    """Return (...) from (..., n_targets), skipping NaN."""
    if how == "median":
        return nanmedian(values)
    mean = torch.nanmean(values, dim=-1)
    return mean.abs() if how == "absolute_mean" else mean


def nanmedian(values: Tensor) -> Tensor:
    """Return each row's median as numpy gives it: the mean of the two middle values of an even count.

    `torch.nanmedian` takes the lower of the two, which is another number.
    """
    ordered = values.sort(dim=-1).values  # NaN last
    count = (~values.isnan()).sum(dim=-1, keepdim=True)
    lower = ordered.gather(-1, ((count - 1) // 2).clamp(min=0))
    upper = ordered.gather(-1, (count // 2).clamp(max=values.shape[-1] - 1))
    middle = ((lower + upper) / 2).squeeze(-1)
    return torch.where(count.squeeze(-1) == 0, torch.nan, middle)


def standard_error(per_split: Tensor) -> float | None:
    """Return the population standard deviation over the root of the count; None for a single split."""
    n_splits = len(per_split)
    return None if n_splits < 2 else float(per_split.std(correction=0)) / n_splits**0.5
