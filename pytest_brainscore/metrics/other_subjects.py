"""The ceiling that other subjects set: how well they tell of a subject what a network is to tell of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..errors import MetricError
from .ceilings import Ceiling, Groups
from .measurement import Measurement, standard_error
from .splits import Split

Measure = Callable[[Tensor, Tensor, Sequence[Split]], Measurement]


def other_subjects(
    measure: Measure, y: Tensor, splits: Sequence[Split], groups: Groups | None, *, squared: bool = False
) -> Ceiling:
    """Return the score of all other subjects' neuroids in a network's place, averaged; values (n_splits, s).

    measure: the metric itself, with its parameters, so that subjects are mapped onto a subject as a network's
    units are, on the same splits. y: responses (n, m). groups: the columns of each subject.
    squared: whether the ceiling is a share of variance, and so the square of r; a negative r gives 0.
    Raises MetricError for fewer than 2 subjects, and where a subject has no number.
    """
    if groups is None or len(groups) < 2:
        raise MetricError("ceiling: other_subjects needs 2 subjects, and the neuroids are of one")
    values = torch.stack([_of_others(measure, y, splits, groups, i) for i in range(len(groups))], dim=1)
    if bool(values.isnan().any()):
        raise MetricError("ceiling: other_subjects gives no number for some subject: one of them is constant")
    values = values.clamp(min=0).square() if squared else values
    return Ceiling(float(values.mean()), standard_error(values.mean(dim=1)), values=values, over="subject")


def _of_others(measure: Measure, y: Tensor, splits: Sequence[Split], groups: Groups, subject: int) -> Tensor:
    """(n_splits,): how well the others' neuroids do for one subject's."""
    own = groups[subject].to(y.device)
    others = torch.cat([group.to(y.device) for i, group in enumerate(groups) if i != subject])
    return measure(y[:, others], y[:, own], splits).per_split().cpu()
