"""How reliable the recordings are: what a perfect model could reach.

They are made in `split_half`, `between_subjects`, `ncsnr`, `gsn` and `other_subjects`; `stored` takes what
came with the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from .measurement import Centre, Over, by_part, standard_error

Groups = Sequence[Tensor]


@dataclass(frozen=True, eq=False)
class Ceiling:
    """A reliability; `value` divides.

    error: standard error over splits. lower: a lower bound, where the ceiling has two. values: what `value`
    summarises, (n_splits[, n_bins], n_targets). over: what a target is. centre: how those of a subject become
    one number. of_roots: whether the centre is that of roots, squared: values bound r^2, and scores are r.
    also: further figures by name. notes: what a reader of the ceiling should know.
    """

    value: float
    error: float | None = None
    lower: float | None = None
    values: Tensor | None = None
    over: Over = "neuroid"
    centre: Centre = "median"
    of_roots: bool = False
    also: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Tensor, groups: Groups | None = None, centre: Centre = "median") -> Ceiling:
        """Summarise (n_splits[, n_bins], n_targets) as scores are: see `measurement.by_part`.

        Parts without a number are left out of the mean.
        """
        per_split = by_part(values, groups, centre).nanmean(dim=1)
        error = standard_error(per_split[~per_split.isnan()])
        return cls(float(per_split.nanmean()), error, values=values, centre=centre)

    def parts(self, n_bins: int = 1, groups: Groups | None = None) -> Tensor:
        """Return (n_parts,): the ceiling of each time bin, each subject, or each subject in each bin."""
        if self.values is None:
            return torch.full((n_bins * len(groups or [0]),), self.value, dtype=torch.float64)
        if self.over == "subject":
            return self.values.nanmean(dim=0).repeat_interleave(n_bins).cpu()
        roots = self.values.sqrt() if self.of_roots else self.values
        values = roots if roots.ndim == 3 else roots[:, None]
        parts = by_part(values.expand(-1, n_bins, -1), groups, self.centre).nanmean(dim=0).cpu()
        return parts.square() if self.of_roots else parts


def stored(reliabilities: Tensor, *, n: int = 1000, seed: int = 0, groups: Groups | None = None) -> Ceiling:
    """Return the median of reliabilities (m,) that come with the data, and its bootstrap error.

    The neuroids are drawn anew `n` times by numpy's RandomState(seed), without those that are NaN; the error
    is the standard deviation (ddof 0) of these medians. With `groups` both are means over them.
    Raises MetricError where all are NaN.
    """
    values = reliabilities.to(torch.float64)
    parts = [part[~part.isnan()].numpy() for part in _parts(values.cpu(), groups)]
    if not all(len(part) for part in parts):
        raise MetricError("the stored reliabilities of all neuroids, or of all those of a subject, are NaN")
    rng = np.random.RandomState(seed)
    medians = [
        np.mean([np.median(rng.choice(part, size=len(part), replace=True)) for part in parts])
        for _ in range(n)
    ]
    return Ceiling(
        float(np.mean([np.median(part) for part in parts])), float(np.std(medians)), values=values[None]
    )


def _parts(values: Tensor, groups: Groups | None) -> list[Tensor]:
    return [values] if groups is None else [values[columns.cpu()] for columns in groups]
