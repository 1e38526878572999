"""How reliable the recordings are: what a perfect model could reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from . import rsa
from .linalg import EPSILON
from .measurement import nanmedian, standard_error
from .splits import Split, shuffle


@dataclass(frozen=True, eq=False)
class Ceiling:
    """A reliability; `value` divides.

    error: standard error over splits. lower: a lower bound, where the ceiling has two. values: what `value`
    summarises, (n_splits, n_targets).
    """

    value: float
    error: float | None = None
    lower: float | None = None
    values: Tensor | None = None


def internal_consistency(
    presentations: Tensor, stimulus: Any, repetition: Any, *, n: int = 10, seed: int = 1
) -> Ceiling:
    """Return the split-half reliability of responses, by Spearman-Brown that of the whole: 2r / (1 + r).

    presentations: (k, m), one row per showing. stimulus, repetition: (k,) labels of each row.
    The distinct repetitions, sorted, are halved `n` times; each half is averaged within stimulus and the
    halves are correlated over stimuli. Values (n, m); the ceiling is their median over neuroids, averaged
    over splits.
    Stimuli may differ in repetitions, and single values may be NaN: a stimulus with no valid presentation of
    a neuroid in one half is left out for that neuroid and that pair of halves. NaN for a neuroid that is
    constant or has fewer than 2 stimuli left.
    Raises MetricError for fewer than 2 repetitions, where no split leaves 2 stimuli in both halves, and for
    labels that do not fit the rows.
    """
    values = presentations.to(torch.float64)
    which, n_stimuli = _codes(stimulus, len(values), "stimulus")
    repeat, n_repetitions = _codes(repetition, len(values), "repetition")
    if n_repetitions < 2:
        raise MetricError(
            f"internal_consistency needs 2 repetitions, and the recordings have {n_repetitions}"
        )
    halves = shuffle(n_repetitions, n_splits=n, train=0.5, seed=seed)
    which, repeat = which.to(values.device), repeat.to(values.device)
    pairs = (
        [
            _mean_by_stimulus(values, which, torch.isin(repeat, rows.to(values.device)), n_stimuli)
            for rows in half
        ]
        for half in ((split.train, split.test) for split in halves)
    )
    consistency = torch.stack([spearman_brown(_masked_pearson(*pair)) for pair in pairs])
    if consistency.isnan().all():
        _refuse_disjoint_halves(which.cpu(), repeat.cpu(), halves, n_repetitions)
    per_split = nanmedian(consistency)
    return Ceiling(float(per_split.mean()), standard_error(per_split), values=consistency)


def _refuse_disjoint_halves(
    which: Tensor, repeat: Tensor, halves: Sequence[Split], n_repetitions: int
) -> None:
    for half in halves:
        train, test = (set(which[torch.isin(repeat, rows)].tolist()) for rows in (half.train, half.test))
        if len(train & test) > 1:
            return
    raise MetricError(
        f"internal_consistency halves the {n_repetitions} repetitions, and none of {len(halves)} splits"
        " leaves 2 stimuli in both halves: label the showings of each stimulus 0, 1, 2, ... in `repetition`"
    )


def rsa_bounds(rdms: Tensor, comparison: str = "spearman") -> Ceiling:
    """Return how well subjects' RDMs (s, n, n) agree: value is the upper bound, `lower` the lower.

    Each subject against the mean of all (upper) and against the mean of the others (lower), averaged over
    subjects; values (1, s) hold the upper figures. Nili et al. 2014, PLoS Comput. Biol. 10:e1003553.
    Raises MetricError for fewer than 2 subjects.
    """
    rdms = rdms.to(torch.float64)
    n_subjects = len(rdms)
    if rdms.ndim != 3 or n_subjects < 2:
        raise MetricError(f"rsa_bounds needs RDMs of at least 2 subjects, (s, n, n), not {tuple(rdms.shape)}")
    total = rdms.sum(dim=0)
    upper = rsa.compare(total / n_subjects, rdms, comparison)
    lower = rsa.compare((total - rdms) / (n_subjects - 1), rdms, comparison)
    return Ceiling(float(upper.mean()), lower=float(lower.mean()), values=upper[None])


def spearman_brown(r: Tensor) -> Tensor:
    """Return the reliability of the whole from the correlation of its halves; NaN for r = -1."""
    return 2 * r / (1 + r).masked_fill(r <= -1, torch.nan)


def _codes(labels: Any, n: int, what: str) -> tuple[Tensor, int]:
    array = labels.cpu().numpy() if isinstance(labels, Tensor) else np.asarray(labels)
    if array.shape != (n,):
        raise MetricError(f"{n} presentations need as many {what} labels, not {array.shape}")
    distinct, codes = np.unique(array, return_inverse=True)
    return torch.from_numpy(codes.astype(np.int64)), len(distinct)


def _mean_by_stimulus(values: Tensor, which: Tensor, chosen: Tensor, n_stimuli: int) -> Tensor:
    """Return (n_stimuli, m): the mean of the valid chosen rows of each stimulus; NaN where there are none."""
    valid = (~values.isnan()) & chosen[:, None]
    sums = values.new_zeros(n_stimuli, values.shape[1])
    counts = torch.zeros_like(sums)
    sums.index_add_(0, which, torch.where(valid, values, 0.0))
    counts.index_add_(0, which, valid.to(values.dtype))
    return sums / counts  # 0 / 0 is the NaN that is wanted


def _masked_pearson(a: Tensor, b: Tensor) -> Tensor:
    """Return each column's r over the rows where both are numbers."""
    valid = ~(a.isnan() | b.isnan())
    a, b = _masked_unit(a, valid), _masked_unit(b, valid)
    return (a * b).sum(dim=0).clamp(-1, 1)


def _masked_unit(x: Tensor, valid: Tensor) -> Tensor:
    count = valid.sum(dim=0)
    x = torch.where(valid, x, 0.0)
    centred = torch.where(valid, x - x.sum(dim=0) / count, 0.0)
    norm = torch.linalg.vector_norm(centred, dim=0)
    rounding = 8 * EPSILON * count.sqrt() * x.abs().amax(dim=0)
    scaled: Tensor = centred / norm.masked_fill((norm <= rounding) | (count < 2), torch.nan)
    return scaled
