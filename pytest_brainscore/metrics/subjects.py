"""Subjects among themselves: how well choices of one are known from those of others."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from .agreement import BY_METRIC, Agreement
from .ceilings import Ceiling
from .choices import Choices
from .correlation import pearson
from .measurement import nanmedian, standard_error
from .split_half import spearman_brown


def subject_pairs(
    trials: Choices, metric: Agreement, *, absolute: bool = False, per_condition: bool = False
) -> Ceiling:
    """Return the metric between each two subjects, averaged over conditions and pairs; values (1, pairs).

    Of two, the later code is the one that is approached: accuracy distance is not symmetric. `absolute` takes
    the absolute value of the mean. error: of a mean over pairs (a U-statistic, Hoeffding 1948), twice the
    standard error of the subjects' own means; None for 2 subjects. Raises MetricError for a single subject.
    """
    rates = trials.rates()
    n_subjects = _several(rates.values, "subject_pairs")
    condition = rates.condition_of(metric == "error_consistency" or per_condition)
    compared = BY_METRIC[metric](rates.values, rates.values, condition).nanmean(dim=2)
    first, second = torch.triu_indices(n_subjects, n_subjects, 1)
    pairs = compared[first, second]
    mean = pairs.nanmean().abs() if absolute else pairs.nanmean()
    return Ceiling(float(mean), _error_of_pairs(compared), values=pairs[None])


def reliability_of_accuracies(trials: Choices, *, n: int = 100, seed: int = 0) -> Ceiling:
    """Return the reliability of accuracies by image: r between halves of the subjects, by Spearman-Brown.

    In each of n draws half of the subjects (the smaller half of an odd number) are drawn; accuracies by item
    are averaged within both halves and correlated. The ceiling is the median over draws, values (n, 1).
    Halves, correction and median are Brain-Score's for Baker et al. 2022; that it is accuracies by image, and
    that every subject may be drawn, is ours. Raises MetricError for a single subject.
    """
    rates = trials.rates().values
    n_subjects, generator = _several(rates, "subject_halves"), np.random.RandomState(seed)
    drawn = (torch.from_numpy(generator.permutation(n_subjects)).to(rates.device) for _ in range(n))
    half = n_subjects // 2
    r = torch.stack([_reliability(rates[rows[:half]], rates[rows[half:]]) for rows in drawn])
    values = spearman_brown(r)
    return Ceiling(float(nanmedian(values.T)[0]), standard_error(values[:, 0]), values=values)


def _several(rates: Tensor, what: str) -> int:
    if len(rates) < 2:
        raise MetricError(f"{what} compares subjects, and the choices are of one")
    return len(rates)


def _reliability(first: Tensor, second: Tensor) -> Tensor:
    """r (1,) of mean rates over the items that both halves saw; NaN without any."""
    a, b = first.nanmean(dim=0), second.nanmean(dim=0)
    seen = ~(a.isnan() | b.isnan())
    if not bool(seen.any()):
        return a.new_full((1,), torch.nan)
    return pearson(a[seen][:, None], b[seen][:, None])


def _error_of_pairs(compared: Tensor) -> float | None:
    """Of the mean over the pairs in the upper triangle of (s, s)."""
    pairs = compared.triu(1) + compared.triu(1).T
    means = pairs.fill_diagonal_(torch.nan).nanmean(dim=1)
    error = standard_error(means[~means.isnan()])
    return None if error is None or len(means) < 3 else 2 * error
