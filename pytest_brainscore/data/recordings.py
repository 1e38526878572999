"""Recordings: what was measured, showing by showing, as RDMs, or as choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from ..errors import DataError, nearest
from .averaging import mean_by_group, mean_of_bins
from .selection import digest_of_selection, matches, written
from .stimuli import Stimuli
from .trials import refuse_impossible

UNKNOWN = "unknown"
"""The subject of neuroids of which nothing names any."""
_ROUNDING = 1e-12
_LARGEST = 1e150
_LAYOUTS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "responses": (
        ("presentation", "neuroid", "time_bin"),
        {"stimulus", "repetition", "neuroid", "region", "subject"},
    ),
    "rdms": (("subject", "stimulus", "stimulus_"), {"subject", "region"}),
    "choices": (("presentation",), {"stimulus", "truth", "region"}),
}
_WRITTEN = {"rdms": "RDMs", "choices": "choices"}


@dataclass(frozen=True, eq=False)
class Recordings:
    """One data set in memory.

    `data` is responses, (presentation, neuroid) or (presentation, neuroid, time_bin), with the coords
    `stimulus` and `repetition` on presentation, and `neuroid`, `region`, `subject` on neuroid, which may lie
    in further regions (coords with the regions' names, true or false, or 1 or 0); or RDMs,
    (subject, stimulus, stimulus_), with the coords `subject` and `region` on subject; or choices,
    (presentation,), the name of the object that was chosen in each trial, with the coords `stimulus`,
    `truth`, `region` and, where there were two alternatives, `distractor`.
    `notes` are for whoever reads a score on them. `renamed` are the files' names of coords, to
    ours.
    `digest` changes with any of the files, with how they are read, and with what is selected.
    Raises DataError where `data` is none of these, where a choice is impossible, and where a stimulus is
    shown that `stimuli` does not have.
    """

    dataset: str
    stimuli: Stimuli
    data: xr.DataArray
    digest: str = ""
    notes: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expected, needed = _LAYOUTS[self.kind]
        if self.kind == "responses":
            expected = expected[: max(2, self.data.ndim)]
        missing = needed - set(map(str, self.data.coords))
        if self.data.dims != expected or missing:
            raise DataError(
                f"{self.dataset}: recordings have dims {self.data.dims} and lack the coords"
                f" {', '.join(sorted(missing)) or '(none)'}; dims {expected} are due"
            )
        self._refuse_unknown_stimuli()
        if self.kind == "choices":
            refuse_impossible(self.data, self.dataset)

    def _refuse_unknown_stimuli(self) -> None:
        if self.kind == "rdms":
            if self.data.sizes["stimulus"] != len(self.stimuli):
                raise DataError(
                    f"{self.dataset}: RDMs of {self.data.sizes['stimulus']} stimuli,"
                    f" but {len(self.stimuli)} images"
                )
        elif (self._stimulus < 0).any():
            name = str(self.data["stimulus"].values[int(np.argmin(self._stimulus))])
            raise DataError(f"{self.dataset}: no image of stimulus {name}{nearest(name, self.stimuli.ids)}")

    @property
    def kind(self) -> Literal["responses", "rdms", "choices"]:
        """Whether `data` holds responses, RDMs or choices."""
        if self.data.dims == ("presentation",):
            return "choices"
        return "rdms" if "stimulus_" in self.data.dims else "responses"

    def select(self, region: Any = None, **wanted: Any) -> Recordings:
        """Keep what has the wanted values: one per coord, or a list of them.

        Any coord of neuroids, presentations, subjects or stimuli will do. Stimuli that are then shown no
        more are dropped, but not from choices: a readout is fitted on stimuli that no trial shows.
        Raises DataError for an unknown coord, for a value that occurs nowhere, and where nothing is left.
        """
        wanted = {**({} if region is None else {"region": region}), **wanted}
        keep: dict[str, np.ndarray] = {}
        for name, values in wanted.items():
            dim, labels = self._coord(name)
            chosen = self._members(values) if name == "region" else None
            if chosen is None:
                chosen = matches(name, labels, values, self.dataset)
            keep[dim] = keep[dim] & chosen if dim in keep else chosen
        for dim, chosen in keep.items():
            if not chosen.any():
                raise DataError(f"{self.dataset}: no {dim} has {written(wanted)} together")
        return self._kept(keep, wanted)

    def rows(self, **wanted: Any) -> np.ndarray:
        """Rows of `stimuli` that have the wanted values; all of them without any.

        Raises DataError for what is no coord of the stimuli, for a value that occurs nowhere, and where
        nothing is left.
        """
        chosen = np.ones(len(self.stimuli), bool)
        for name, values in wanted.items():
            dim, labels = self._coord(name)
            if dim != "stimulus":
                raise DataError(
                    f"{self.dataset}: {name} is a coord of each {dim}, not of the stimuli"
                    f" (these have {', '.join(self.stimuli.coords) or 'none'})"
                )
            chosen &= matches(name, labels, values, self.dataset)
        if not chosen.any():
            raise DataError(f"{self.dataset}: no stimulus has {written(wanted)} together")
        return np.flatnonzero(chosen)

    def responses(self, *, over_time: bool = False) -> xr.DataArray:
        """Responses (stimulus, neuroid), float64: means over time bins, then over repetitions.

        NaN is left out of the means; a neuroid without any value for a stimulus is NaN there. Rows are in
        the order of `stimuli`, and carry its coords.
        over_time: (stimulus, time_bin, neuroid) instead, a mean for each time bin.
        Raises DataError for responses whose squares no double can hold.
        """
        values, stimulus, _ = self.presentations(over_time=over_time)
        kept = {("neuroid",), ("time_bin",)} if over_time else {("neuroid",)}
        others = {n: c for n, c in self.data.coords.items() if c.dims in kept}
        coords = {n: ("stimulus", c) for n, c in self.stimuli.coords.items()}
        means = mean_by_group(values.reshape(len(values), -1), stimulus, len(self.stimuli))
        means = means.reshape(len(means), *values.shape[1:])
        self._refuse_odd_sizes(means)
        return xr.DataArray(
            means,
            dims=("stimulus", "time_bin", "neuroid") if over_time else ("stimulus", "neuroid"),
            coords={**coords, "stimulus": ("stimulus", list(self.stimuli.ids)), **others},
        )

    def presentations(self, *, over_time: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Single showings: values (k, m) averaged over time bins, stimulus (k,) and repetition (k,).

        stimulus counts the rows of `stimuli`; repetition counts the sorted distinct repetitions.
        over_time: values (k, t, m) instead, those of each time bin; t is 1 where there is no such dim.
        Raises DataError where these are RDMs or choices.
        """
        if self.kind != "responses":
            raise DataError(f"{self.dataset}: holds {_WRITTEN[self.kind]}, not responses")
        repetition, _ = pd.factorize(self.data["repetition"].values, sort=True)
        values = _bins_first(self.data.values) if over_time else mean_of_bins(self.data.values)
        return values, self._stimulus, repetition

    def _refuse_odd_sizes(self, means: np.ndarray) -> None:
        """The squares of such responses overflow or vanish, and with them every correlation."""
        largest = np.fmax.reduce(np.abs(means), axis=tuple(range(means.ndim - 1)))
        odd = np.flatnonzero((largest > _LARGEST) | (largest > 0) & (largest < 1 / _LARGEST))
        if len(odd):
            name = self.data["neuroid"].values[odd[0]]
            raise DataError(
                f"{self.dataset}: the largest response of neuroid {name} is {largest[odd[0]]:g} ({len(odd)}"
                f" of {len(largest)} neuroids are such), and {1 / _LARGEST:g} to {_LARGEST:g} can be squared;"
                " write what was not measured as NaN, or all in another unit"
            )

    @staticmethod
    def usable(responses: xr.DataArray) -> tuple[np.ndarray, dict[str, tuple[str, ...]]]:
        """Which neuroids of (stimulus[, time_bin], neuroid) can be scored (m,), and the ids of the others.

        Reasons: `nan`, a stimulus without a value, in any time bin; `constant`, the same value for all
        stimuli, in every time bin.
        """
        values = responses.values
        bins = tuple(range(values.ndim - 2))
        nan = np.isnan(values).any(axis=(0, *(axis + 1 for axis in bins)))
        span = np.ptp(values, axis=0)
        constant = (span <= _ROUNDING * np.abs(values).max(axis=0)).all(axis=bins)
        names = responses["neuroid"].values.astype(str)
        left_out = {"constant": tuple(names[constant].tolist()), "nan": tuple(names[nan].tolist())}
        return ~(nan | constant), left_out

    @cached_property
    def _stimulus(self) -> np.ndarray:
        """Row in `stimuli` of each presentation; -1 where there is none."""
        return np.asarray(pd.Index(self.stimuli.ids).get_indexer(pd.Index(self.data["stimulus"].values)))

    def _coord(self, name: str) -> tuple[str, np.ndarray]:
        """The dim of a coord, and its values along that dim."""
        if name in self.stimuli.coords:
            return "stimulus", self.stimuli.coords[name]
        if name == "stimulus":
            return "stimulus", np.asarray(self.stimuli.ids)
        if name not in self.data.coords or self.data[name].ndim != 1:
            known = sorted({"stimulus", *map(str, self.data.coords), *self.stimuli.coords} - {"stimulus_"})
            ours = self.renamed.get(name)
            hint = f": `coords:` calls it {ours}" if ours else nearest(name, known)
            raise DataError(f"{self.dataset}: no coord {name}{hint} (there are {', '.join(known)})")
        return str(self.data[name].dims[0]), self.data[name].values

    def _members(self, region: Any) -> np.ndarray | None:
        """The neuroids (m,) of a region that a coord of its name, true or false, tells; None without one."""
        coord = self.data.coords.get(region) if isinstance(region, str) else None
        if coord is None or coord.dims != ("neuroid",) or not _says_whether(coord.values):
            return None
        return np.asarray((coord.values == 1) | (self.data["region"].values.astype(str) == region))

    def _kept(self, keep: Mapping[str, np.ndarray], wanted: Mapping[str, Any]) -> Recordings:
        keep = dict(keep)
        stimulus = keep.pop("stimulus", np.ones(len(self.stimuli), bool))
        if self.kind == "rdms":
            keep |= {"stimulus": stimulus, "stimulus_": stimulus}
        else:
            shown = keep.get("presentation", np.ones(len(self._stimulus), bool)) & stimulus[self._stimulus]
            if not shown.any():
                raise DataError(f"{self.dataset}: no presentation has {written(wanted)} together")
            keep["presentation"] = shown
            counted = np.bincount(self._stimulus[shown], minlength=len(self.stimuli))
            stimulus = np.ones_like(stimulus) if self.kind == "choices" else counted > 0
        partly = {dim: np.flatnonzero(chosen) for dim, chosen in keep.items() if not chosen.all()}
        return replace(
            self,
            stimuli=self.stimuli if stimulus.all() else self.stimuli.take(np.flatnonzero(stimulus)),
            data=self.data.isel(partly) if partly else self.data,
            digest=digest_of_selection(self.digest, wanted) if wanted else self.digest,
        )


def _says_whether(labels: np.ndarray) -> bool:
    """Whether all labels are true or false, or 1 or 0."""
    return labels.dtype.kind in "biuf" and bool(np.isin(labels, (0, 1)).all())


def _bins_first(values: np.ndarray) -> np.ndarray:
    """(k, m[, t]) as (k, t, m)."""
    return values[:, None] if values.ndim == 2 else np.ascontiguousarray(values.transpose(0, 2, 1))
