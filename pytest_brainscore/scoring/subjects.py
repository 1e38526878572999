"""Subjects: whose neuroids are whose, and a fit for each subject."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from ..data.recordings import UNKNOWN
from ..errors import MetricError
from ..metrics.measurement import Measurement
from ..metrics.splits import Split
from ..specs.metrics import Crsa, Metric, Predictive, Versa

FEWEST = 10
"""Neuroids that crsa and versa make no RDM of, where other subjects have more; as Conwell et al. 2024."""


@dataclass(frozen=True, eq=False)
class Subjects:
    """Names of the subjects, and each one's columns of the responses; none where they are one population.

    notes: who is left out. pooled: of how many subjects the one population is, where that is known.
    """

    names: tuple[str, ...] = ()
    groups: tuple[Tensor, ...] | None = None
    notes: tuple[str, ...] = ()
    pooled: int = 1


def subjects_of(metric: Metric, responses: xr.DataArray) -> Subjects:
    """The subjects that a metric takes one by one, in the order of their first neuroids.

    Raises MetricError where each is to have a fit of their own, and nothing says whose neuroids these are.
    """
    if "subject" not in responses.coords:
        return Subjects()
    labels = responses["subject"].values.astype(str)
    names = tuple(dict.fromkeys(labels.tolist()))
    if not _one_by_one(metric):
        return Subjects(pooled=len(names))
    if metric.tells_train and names == (UNKNOWN,):
        return Subjects()
    if isinstance(metric, Predictive) and names == (UNKNOWN,):
        raise MetricError(_unnamed(responses))
    every = {name: torch.as_tensor(np.flatnonzero(labels == name)) for name in names}
    if not isinstance(metric, Crsa | Versa):
        return Subjects(names, tuple(every.values()))
    kept = {name: group for name, group in every.items() if len(group) > FEWEST} or every
    return Subjects(tuple(kept), tuple(kept.values()), _left_out(every.keys() - kept.keys()))


def are_unnamed(responses: xr.DataArray) -> bool:
    """Whether nothing says whose neuroids these are."""
    return "subject" not in responses.coords or bool(
        (responses["subject"].values.astype(str) == UNKNOWN).all()
    )


def _left_out(names: Collection[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (f"without {', '.join(sorted(names))}: {FEWEST} neuroids or fewer here, too few for an RDM",)


def measured_apart(
    function: Callable[..., Measurement],
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split],
    subjects: Subjects,
    arguments: Mapping[str, Any],
) -> Measurement:
    """Predict the neuroids (n[, t], m) of each subject by a fit of their own.

    What a fit chose, one figure per split, is told by subject: ``alpha.subj01``.
    """
    groups = [group.to(y.device) for group in subjects.groups or ()]
    each = [function(x, y[..., group], splits, **arguments) for group in groups]
    also: dict[str, Tensor] = {}
    for figure, value in each[0].also.items():
        found = [measured.also[figure] for measured in each]
        if value.shape == each[0].values.shape:
            also[figure] = _joined(found, groups, y.shape[-1])
        else:
            also |= {f"{figure}.{name}": part for name, part in zip(subjects.names, found, strict=True)}
    values = _joined([measured.values for measured in each], groups, y.shape[-1])
    return Measurement(values, also, over=each[0].over, centre=each[0].centre, groups=subjects.groups)


def _joined(parts: Sequence[Tensor], groups: Sequence[Tensor], m: int) -> Tensor:
    """Return (n_splits[, t], m): the columns of all subjects in their places."""
    whole = parts[0].new_full((*parts[0].shape[:-1], m), torch.nan)
    for part, group in zip(parts, groups, strict=True):
        whole[..., group] = part
    return whole


def _unnamed(responses: xr.DataArray) -> str:
    others = [str(n) for n, c in responses.coords.items() if c.dims == ("neuroid",) and n != "subject"]
    return (
        f"subjects: separate: no neuroid names its subject (coords of neuroids: {', '.join(others)}); write"
        " `coords: {subject: ...}` in `recordings:` with the coord that does, give such a column to the table"
        " of `neuroids`, or write `subject:` where all are of one"
    )


def _one_by_one(metric: Metric) -> bool:
    asked = getattr(metric, "subjects", None)
    return asked == "separate" if isinstance(metric, Predictive) else metric.per_subject and asked != "pooled"
