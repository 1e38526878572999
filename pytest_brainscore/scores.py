"""Score: how alike a model and a brain are, with everything that the number was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .specs.results import Interval, Null

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Table:
    """An array that is kept beside the values of a score: the names of its dims, and the coords of some.

    attrs: what is said of it, in numbers and text.
    """

    values: np.ndarray
    dims: tuple[str, ...]
    coords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attrs: Mapping[str, str | int | float] = field(default_factory=dict)

    def to_xarray(self) -> xr.DataArray:
        """The array with its dims, coords and attributes."""
        import xarray as xr

        coords = {dim: np.array(names, dtype=object).astype(str) for dim, names in self.coords.items()}
        return xr.DataArray(self.values, dims=self.dims, coords=coords, attrs=dict(self.attrs))


@dataclass(frozen=True)
class Score:
    """One model on one benchmark.

    raw is in the metric's own unit; error is the standard error over splits (None for a single one);
    ceiling is the reliability of the data and ceiling_error its standard error; ceiled is what `normalise`
    makes of raw and ceiling (None where the ceiling cannot divide). `interval` is where raw would lie over
    new stimuli, neuroids or subjects, `ceiled_interval` where ceiled would, `null` what shuffled stimuli
    score.
    `values` holds the match per split and target, (n_splits, n_targets), and `targets` their names:
    neuroids, subjects, or "all". `left_out` names the neuroids that could not be used, by reason.
    `notes` say what a reader of the number should know.
    `also` holds further figures of the metric, averaged as raw is. `about` is the provenance: ids, layer,
    digests, versions, seconds. `settings` is what the metric was set to, as plain JSON.
    Of a pool of layers, `layers` says which was chosen for each subject, where each has its own, and
    `profile` what every layer scored, as plain figures. `beside` holds further arrays by name.
    """

    raw: float
    error: float | None
    ceiling: float | None
    ceiling_error: float | None
    ceiled: float | None
    normalise: str
    splits: tuple[float, ...]
    values: np.ndarray
    targets: tuple[str, ...]
    over: str
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    profile: tuple[Mapping[str, Any], ...] = ()
    beside: Mapping[str, Table] = field(default_factory=dict)
    interval: Interval | None = None
    ceiled_interval: Interval | None = None
    null: Null | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and text; what is not finite is None. The values per target are left out."""
        return {
            "raw": finite(self.raw),
            "error": finite(self.error),
            "ceiling": finite(self.ceiling),
            "ceiling_error": finite(self.ceiling_error),
            "ceiled": finite(self.ceiled),
            "interval": self.interval and self.interval.model_dump(mode="json"),
            "ceiled_interval": self.ceiled_interval and self.ceiled_interval.model_dump(mode="json"),
            "null": self.null and self.null.model_dump(mode="json"),
            "normalise": self.normalise,
            "splits": [finite(value) for value in self.splits],
            "also": {name: finite(value) for name, value in self.also.items()},
            "over": self.over,
            "targets": len(self.targets),
            "left_out": {reason: list(names) for reason, names in self.left_out.items()},
            "layers": dict(self.layers),
            "profile": list(self.profile),
            "settings": dict(self.settings),
        }

    @property
    def dim(self) -> str:
        """What xarray calls the targets."""
        return "target" if self.over == "all" else self.over

    def to_dataset(self) -> xr.Dataset:
        """The values as `to_xarray` gives them, `score`, and all arrays beside them."""
        beside = {name: table.to_xarray() for name, table in self.beside.items()}
        return self.to_xarray().to_dataset().assign(beside)

    def to_xarray(self) -> xr.DataArray:
        """The values per split and target, with the score itself in the attributes (for netCDF)."""
        import xarray as xr

        dim = self.dim
        numbers = {k: v for k in ("raw", "error", "ceiling", "ceiled") if (v := getattr(self, k)) is not None}
        text = {k: v for k, v in self.about.items() if isinstance(v, str)}
        return xr.DataArray(
            self.values,
            dims=("split", dim),
            coords={
                "split": np.arange(len(self.values)),
                dim: np.array(self.targets, dtype=object).astype(str),
            },
            name="score",
            attrs={**numbers, "normalise": self.normalise, **text},
        )

    def __str__(self) -> str:
        error = "" if self.error is None else f" ± {self.error:.4f}"
        spread = _within(self.interval) or error
        ceiled = "" if self.ceiled is None or self.normalise == "none" else f", ceiled {self.ceiled:.4f}"
        ceiling = "" if self.ceiling is None else f", ceiling {self.ceiling:.4f}"
        return f"{self.raw:.4f}{spread}{ceiling}{ceiled}"


def _within(interval: Interval | None) -> str:
    """An interval in words, such as `` [0.548, 0.576]``; nothing where it has no ends."""
    if interval is None or interval.low is None or interval.high is None:
        return ""
    alone = f" over {' and '.join(interval.over)}s alone" if interval.without_stimuli else ""
    return f" [{interval.low:.3f}, {interval.high:.3f}]{alone}"


def finite(value: float | None) -> float | None:
    """A plain float, or None for NaN, infinity and None: JSON has no others."""
    return None if value is None or not np.isfinite(value) else float(value)
