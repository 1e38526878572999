"""Members: replicates over neuroids or subjects, from the values of one measurement."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from ..metrics.measurement import Centres, Measurement, by_bin, centre_over_targets, parts_by
from .replicates import Factor, Replicates
from .sampling import Sampling

JOINT = 100
"""So many of the resamples of neuroids or subjects tell their interaction with stimuli."""
AT_ONCE = 1_000_000
"""Values that are resampled together."""


def members(
    measured: Measurement, sampling: Sampling, over: Collection[str] | None = None
) -> dict[Factor, Replicates]:
    """Replicates over subjects or neuroids alone: one entry, or none."""
    factor = factor_of(measured, over)
    if factor is None:
        return {}
    values = per_split(measured, factor, sampling).mean(axis=1)
    m = count_of(measured, factor)
    return {factor: Replicates("bootstrap", factor, values, m, df=_df(measured, factor, m))}


def factor_of(measured: Measurement, over: Collection[str] | None = None) -> Factor | None:
    """What the columns of a measurement are a sample of: subject, neuroid, or None for nothing.

    Subjects, where each has a number of its own; else neuroids. `over` names what is wanted: of subjects with
    neuroids of their own "neuroid" takes the subjects as they are. None for a lone member, and for units.
    """
    has_subjects = measured.groups is not None or measured.over == "subject"
    wanted = over if over is not None else ("subject" if has_subjects else "neuroid",)
    if "subject" in wanted and has_subjects and count_of(measured, "subject") > 1:
        return "subject"
    single = measured.over != "neuroid" or count_of(measured, "neuroid") < 2
    return None if "neuroid" not in wanted or single else "neuroid"


def count_of(measured: Measurement, factor: Factor) -> int:
    """How many members a measurement has; of neuroids of several subjects, those of the smallest."""
    if factor == "subject" and measured.groups is not None:
        return len(measured.groups)
    if factor == "neuroid" and measured.groups is not None:
        return min(len(group) for group in measured.groups)
    return int(measured.values.shape[-1])


def scores(measured: Measurement, centres: Centres) -> np.ndarray:
    """Return (n_splits,): the score of each split, with `centres` in place of the measurement's own."""
    return parts_by(centres, measured.values.cpu(), measured.groups).mean(dim=1).numpy()


def per_split(
    measured: Measurement,
    factor: Factor,
    sampling: Sampling,
    count: int | None = None,
    centres: Centres | None = None,
) -> np.ndarray:
    """Return (replicates, n_splits): the score of each split on each resample of neuroids or subjects.

    Computed as the score itself is: with the measurement's own centre (or `centres`), and the mean over
    parts. count: of the resamples only the first so many.
    """
    of = _of_subjects if factor == "subject" else _of_neuroids
    centres = centres or partial(centre_over_targets, how=measured.centre)
    return np.stack([each.numpy() for each in of(measured, sampling, count, centres)])


def _df(measured: Measurement, factor: Factor, m: int) -> float | None:
    """How well a bootstrap of m members knows its variance; None for as well as it would for a mean.

    That of a median is known to a share of m^(-1/4) only (Hall and Martin 1988, Probab. Theory Relat. Fields
    80:261), so that df grows as the root of m. The factor 2 is of simulations: docs/statistics.md.
    """
    a_median = factor == "neuroid" and measured.centre == "median"
    return min(2 * m**0.5, m - 1.0) if a_median else None


def _of_subjects(
    measured: Measurement, sampling: Sampling, count: int | None, centres: Centres
) -> Iterator[Tensor]:
    """Subjects with all that they have: the mean over parts is one over drawn subjects."""
    n_subjects = count_of(measured, "subject")
    groups = measured.groups or torch.arange(n_subjects)[:, None].unbind()
    parts = parts_by(centres, measured.values.cpu(), groups)
    own = parts.reshape(len(parts), n_subjects, -1).mean(dim=2)
    yield from (own[:, draw].mean(dim=1) for draw in sampling.draws("subject", n_subjects, count))


def _of_neuroids(
    measured: Measurement, sampling: Sampling, count: int | None, centres: Centres
) -> Iterator[Tensor]:
    """Neuroids of each subject by themselves, so that each keeps as many as it has; many at once."""
    bins = by_bin(measured.values.cpu())
    groups = [group.cpu() for group in measured.groups or (torch.arange(bins.shape[-1]),)]
    names = ("neuroid", *(f"neuroid of subject {i}" for i in range(1, len(groups))))
    streams = [sampling.draws(name, len(group), count) for name, group in zip(names, groups, strict=True)]
    at_once = max(1, AT_ONCE // bins.numel())
    while some := list(islice(zip(*streams, strict=True), at_once)):
        drawn = (torch.stack(draws) for draws in zip(*some, strict=True))
        parts = [centres(bins[..., group[at]]) for group, at in zip(groups, drawn, strict=True)]
        yield from torch.cat(parts, dim=1).mean(dim=1).T
