"""Split-half reliability: how alike responses are in two halves of the repetitions, as a ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from .ceilings import Ceiling, Groups
from .rounding import constant
from .splits import Split, shuffle

BYTES_AT_ONCE = 2**26
FEWEST = 10
"""Stimuli that `predictor_consistency` needs, as in Brain-Score."""


def internal_consistency(
    presentations: Tensor,
    stimulus: Any,
    repetition: Any,
    *,
    n: int = 10,
    seed: int = 1,
    groups: Groups | None = None,
) -> Ceiling:
    """Return the split-half reliability of responses, by Spearman-Brown that of the whole: 2r / (1 + r).

    presentations: (k, m), one row per showing, or (k, t, m) over time, where each bin has a ceiling of its
    own. stimulus, repetition: (k,) labels of each row. groups: the columns of each subject.
    The distinct repetitions, sorted, are halved `n` times; each half is averaged within stimulus and the
    halves are correlated over stimuli. Values (n[, t], m); the ceiling is their median over neuroids,
    averaged over splits.
    Stimuli may differ in repetitions, and single values may be NaN: a stimulus with no valid presentation of
    a neuroid in one half is left out for that neuroid and that pair of halves. NaN for a neuroid that is
    constant or has fewer than 2 stimuli left.
    Raises MetricError for fewer than 2 repetitions, where no split leaves 2 stimuli in both halves, and for
    labels that do not fit the rows.
    """
    which, n_stimuli = _codes(stimulus, len(presentations), "stimulus")
    repeat, n_repetitions = _codes(repetition, len(presentations), "repetition")
    if n_repetitions < 2:
        raise MetricError(
            f"internal_consistency needs 2 repetitions, and the recordings have {n_repetitions}"
            f"{_untold(which, repeat, n_stimuli)}"
        )
    halves = shuffle(n_repetitions, n_splits=n, train=0.5, seed=seed)
    second = torch.stack([torch.isin(repeat, split.test) for split in halves])
    consistency = _consistency(presentations, which, second, n_stimuli)
    if consistency.isnan().all():
        _refuse_disjoint_halves(which, repeat, halves, n_repetitions)
    return Ceiling.of(consistency, groups)


def predictor_consistency(
    presentations: Tensor,
    stimulus: Any,
    repetition: Any,
    *,
    n: int = 10,
    seed: int = 0,
    groups: Groups | None = None,
) -> Ceiling:
    """Return the split-half reliability where each stimulus has its own repetitions halved at random.

    As `internal_consistency` but for the halves: numpy's default_rng(seed) permutes the distinct repetitions
    of each stimulus in turn, in the order of their labels, `n` times over; the smaller half is the first.
    Stimuli of one repetition are left out.
    Raises MetricError where fewer than 10 stimuli are left.
    """
    which, n_stimuli = _codes(stimulus, len(presentations), "stimulus")
    repeat, n_repetitions = _codes(repetition, len(presentations), "repetition")
    shown, cell = torch.unique(which * n_repetitions + repeat, return_inverse=True)
    repetitions = torch.bincount(shown // n_repetitions, minlength=n_stimuli)
    kept = repetitions[which] > 1
    if int((repetitions > 1).sum()) < FEWEST:
        raise MetricError(
            f"predictor_consistency needs {FEWEST} stimuli of 2 repetitions or more, and the recordings have"
            f" {int((repetitions > 1).sum())}{_untold(which, repeat, n_stimuli)}"
        )
    second = _drawn_halves(repetitions.numpy(), n, seed)[:, cell[kept]]
    return Ceiling.of(
        _consistency(presentations[kept.to(presentations.device)], which[kept], second, n_stimuli), groups
    )


def spearman_brown(r: Tensor) -> Tensor:
    """Return the reliability of the whole from the correlation of its halves; NaN for r = -1."""
    return 2 * r / (1 + r).masked_fill(r <= -1, torch.nan)


def _drawn_halves(repetitions: np.ndarray, n: int, seed: int) -> Tensor:
    """Return (n, cells): whether each repetition of each stimulus is in its second half."""
    rng = np.random.default_rng(seed)
    second = np.ones((n, int(repetitions.sum())), bool)
    starts = np.cumsum(repetitions) - repetitions
    for row in second:
        for start, count in zip(starts, repetitions, strict=True):
            if count > 1:
                row[start + rng.permutation(count)[: count // 2]] = False
    return torch.from_numpy(second)


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


def _codes(labels: Any, n: int, what: str) -> tuple[Tensor, int]:
    array = labels.cpu().numpy() if isinstance(labels, Tensor) else np.asarray(labels)
    if array.shape != (n,):
        raise MetricError(f"{n} presentations need as many {what} labels, not {array.shape}")
    distinct, codes = np.unique(array, return_inverse=True)
    return torch.from_numpy(codes.astype(np.int64)), len(distinct)


def _untold(which: Tensor, repeat: Tensor, n_stimuli: int) -> str:
    """What to say where stimuli are shown several times, and the labels of repetitions do not say so."""
    if len(which) == n_stimuli or int(repeat.max()) > 0:
        return ""
    return (
        f": {len(which)} presentations of {n_stimuli} stimuli have one label `repetition`, or none: number"
        " the showings of each stimulus"
    )


def _consistency(presentations: Tensor, which: Tensor, second: Tensor, n_stimuli: int) -> Tensor:
    """Return (n[, t], m): the reliability by halves (n, k), some columns at a time."""
    columns = presentations.reshape(len(presentations), -1)
    width = max(1, BYTES_AT_ONCE // (8 * len(columns)))
    groups = (which + n_stimuli * second).to(columns.device)
    parts = [
        _of_columns(columns[:, start : start + width].to(torch.float64), groups, n_stimuli)
        for start in range(0, columns.shape[1], width)
    ]
    return torch.cat(parts, dim=1).reshape(len(second), *presentations.shape[1:])


def _of_columns(values: Tensor, groups: Tensor, n_stimuli: int) -> Tensor:
    """Return (n, w) of columns (k, w): groups (n, k) number the stimuli, and then those of second halves."""
    missing = values.isnan()
    gaps = missing.to(torch.float64) if bool(missing.any()) else None
    filled = values if gaps is None else values.masked_fill(missing, 0.0)
    means = (_means(filled, gaps, group, 2 * n_stimuli) for group in groups)
    return torch.stack(
        [spearman_brown(_masked_pearson(both[:n_stimuli], both[n_stimuli:])) for both in means]
    )


def _means(values: Tensor, gaps: Tensor | None, group: Tensor, n_groups: int) -> Tensor:
    """Return (n_groups, w): the mean of each group's valid rows; NaN where there are none."""
    sums = values.new_zeros(n_groups, values.shape[1]).index_add_(0, group, values)
    counts = torch.bincount(group, minlength=n_groups)[:, None].to(values.dtype)
    if gaps is not None:
        counts = counts - torch.zeros_like(sums).index_add_(0, group, gaps)
    return sums / counts  # 0 / 0 is the NaN that is wanted


def _masked_pearson(a: Tensor, b: Tensor) -> Tensor:
    """Return each column's r over the rows where both are numbers."""
    valid = ~(a.isnan() | b.isnan())
    a, b = _masked_unit(a, valid), _masked_unit(b, valid)
    return (a * b).sum(dim=0).clamp(-1, 1)


def _masked_unit(x: Tensor, valid: Tensor) -> Tensor:
    count = valid.sum(dim=0)
    mean = torch.where(valid, x, 0.0).sum(dim=0) / count
    filled = torch.where(valid, x, mean)
    centred = filled - mean
    norm = torch.linalg.vector_norm(centred, dim=0)
    scaled: Tensor = centred / norm.masked_fill(constant(filled) | (count < 2), torch.nan)
    return scaled
