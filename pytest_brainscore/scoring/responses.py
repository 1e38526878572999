"""Responses: what a region answered to each stimulus, without what cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from ..data.recordings import Recordings
from ..data.stimuli import Stimuli
from ..errors import MetricError, nearest
from ..metrics.crossnobis import crossnobis
from ..specs.benchmarks import Benchmark
from .subjects import Subjects, subjects_of

Window = tuple[float, float]
MANY = 0.1
"""A larger share of the neuroids is not left out without a word."""
_EDGES = ("time_bin_start", "time_bin_end")


@dataclass(frozen=True, eq=False)
class Responses:
    """The responses that models are compared with, and the presentations that they are means of.

    y: (n, m), or (n, t, m) over time, float64. stimuli: of its rows. names: of its neuroids.
    time_bins: (start, end) of each, over time. kept: rows of `chosen.stimuli`. usable: columns of `chosen`.
    complete: whether only presentations without NaN count for the ceiling.
    """

    y: Tensor
    names: tuple[str, ...]
    subjects: Subjects
    time_bins: tuple[Window, ...]
    left_out: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]
    chosen: Recordings
    kept: np.ndarray
    usable: np.ndarray
    complete: bool

    @cached_property
    def stimuli(self) -> Stimuli:
        """The stimuli of the rows of y."""
        return self.chosen.stimuli.take(self.kept)

    def presentations(self, rows: Tensor | None = None) -> tuple[Tensor, np.ndarray, np.ndarray]:
        """Single showings of some rows of y, or of all: values (k[, t], m), stimulus (k,), repetition (k,).

        stimulus numbers the stimuli in the order of their ids, numbers as numbers.
        """
        values, stimulus, repetition = self.chosen.presentations(over_time=bool(self.time_bins))
        wanted = self.kept if rows is None else self.kept[rows.cpu().numpy()]
        shown = np.isin(stimulus, wanted)
        if self.complete:
            shown &= ~np.isnan(values).any(axis=tuple(range(1, values.ndim)))
        values = values if shown.all() else values[shown]
        values = values if self.usable.all() else values[..., self.usable]
        order = np.argsort(self.chosen.stimuli.by_name())
        presented = torch.as_tensor(values, device=self.y.device)
        return presented, order[stimulus[shown]], repetition[shown]

    def crossnobis(self) -> Tensor:
        """The RDM of each subject (s, n, n), by the repetitions. Raises MetricError where there are none."""
        values, stimulus, repetition = self.chosen.presentations()
        shown = np.isin(stimulus, self.kept)
        row, repeat = np.searchsorted(self.kept, stimulus[shown]), repetition[shown]
        usable = torch.as_tensor(values[shown][:, self.usable], device=self.y.device)
        return crossnobis(usable, torch.from_numpy(row), torch.from_numpy(repeat), self.subjects.groups)

    def coord(self, name: str) -> Tensor:
        """A coord of the neuroids, in numbers (m,). Raises MetricError where there is none such."""
        known = [str(n) for n, c in self.chosen.data.coords.items() if c.dims == ("neuroid",)]
        if name not in known:
            raise MetricError(
                f"ceiling: the neuroids have no coord {name}{nearest(name, known)}"
                f" (there are {', '.join(known)})"
            )
        try:
            values = self.chosen.data[name].values[self.usable].astype(float)
        except (TypeError, ValueError):
            raise MetricError(f"ceiling: the coord {name} of the neuroids is not of numbers") from None
        return torch.as_tensor(values, device=self.y.device)


def responses_of(benchmark: Benchmark, region: str, chosen: Recordings, device: torch.device) -> Responses:
    """Average over repetitions, and leave out neuroids, or stimuli, that have no value, and constant ones.

    Raises MetricError where nothing is left, and for a metric over time where there are no time bins.
    """
    over_time = benchmark.metric.over_time
    time_bins = _time_bins(chosen, benchmark.metric.name) if over_time else ()
    whole = chosen.responses(over_time=over_time)
    kept = _with_values(whole, region) if benchmark.missing == "stimuli" else np.arange(len(whole))
    responses = whole if len(kept) == len(whole) else whole.isel(stimulus=kept)
    usable, left_out = Recordings.usable(responses)
    if not usable.any():
        raise MetricError(f"no neuroid of {region} can be used: {_counted(left_out)}")
    responses = responses.isel(neuroid=np.flatnonzero(usable))
    subjects = subjects_of(benchmark.metric, responses)
    return Responses(
        y=torch.as_tensor(responses.values, dtype=torch.float64, device=device),
        names=tuple(str(name) for name in responses["neuroid"].values),
        subjects=subjects,
        time_bins=time_bins,
        left_out=left_out,
        notes=(
            *_notes(chosen, over_time, len(kept), len(whole)),
            *_many(left_out, len(usable)),
            *subjects.notes,
        ),
        chosen=chosen,
        kept=kept,
        usable=usable,
        complete=benchmark.missing == "stimuli",
    )


def _notes(chosen: Recordings, over_time: bool, kept: int, n: int) -> tuple[str, ...]:
    """What a reader of the score should know of the averages."""
    bins = chosen.data.sizes.get("time_bin", 1)
    averaged = [f"mean of {bins} time bins{_span(chosen)}"] if bins > 1 and not over_time else []
    gone = [f"{n - kept} of {n} stimuli are left out: some neuroid has no value"] if kept < n else []
    return (*averaged, *gone)


def _many(left_out: Mapping[str, Sequence[str]], n: int) -> tuple[str, ...]:
    """A word where a good part of n neuroids are left out."""
    gone = sum(map(len, left_out.values()))
    return (f"{gone} of {n} neuroids are left out: {_counted(left_out)}",) if gone > MANY * n else ()


def _counted(left_out: Mapping[str, Sequence[str]]) -> str:
    """How many by reason, and what else could be left out."""
    counted = ", ".join(f"{len(names)} {reason}" for reason, names in left_out.items() if names)
    way_out = " (one stimulus without a value is enough; `missing: stimuli` leaves out stimuli instead)"
    return counted + (way_out if left_out.get("nan") else "")


def _span(chosen: Recordings) -> str:
    """From when to when there are time bins, where they say it."""
    if any(edge not in chosen.data.coords for edge in _EDGES):
        return ""
    start, end = (chosen.data[edge].values.astype(float) for edge in _EDGES)
    return f" ({start.min():g} to {end.max():g})"


def _with_values(responses: xr.DataArray, region: str) -> np.ndarray:
    """Rows of the stimuli that every neuroid has a value for."""
    gaps = np.isnan(responses.values)
    kept = np.flatnonzero(~gaps.any(axis=tuple(range(1, gaps.ndim))))
    if not len(kept):
        raise MetricError(
            f"missing: stimuli: no stimulus has a value of all {gaps.shape[-1]} neuroids of {region}; leave"
            " out neuroids instead (`missing: neuroids`), or `select` some"
        )
    return kept


def _time_bins(chosen: Recordings, metric: str) -> tuple[Window, ...]:
    if any(edge not in chosen.data.coords or chosen.data[edge].ndim != 1 for edge in _EDGES):
        raise MetricError(
            f"{metric} compares responses over time, and these have no time bins (coords"
            f" {' and '.join(_EDGES)}): write `time_bins:` in the data set's recordings, or use pls"
        )
    starts, ends = (chosen.data[edge].values.tolist() for edge in _EDGES)
    return tuple(zip(starts, ends, strict=True))
