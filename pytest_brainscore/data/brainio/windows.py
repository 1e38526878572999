"""Windows: which time bins are wanted of an assembly, as means of the bins that the file has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...specs.datasets.brainio import TimeBins
from ...specs.datasets.ground import Bin
from ..averaging import mean_of_bins

Wanted = Sequence[Bin] | TimeBins | None
_ROWS_AT_ONCE = 4096
_ROUNDING = 1e-6
"""Of a bin's edges, relative to the width of the window."""


def span(coords: Mapping[str, np.ndarray], wanted: Wanted, path: Path) -> slice | None:
    """Which of the file's bins need to be read: from the first to the last that a window takes."""
    if wanted is None:
        return slice(None)
    taken = [index for _, bins in _windows(coords, wanted, path) for index in bins]
    return slice(min(taken), max(taken) + 1)


def in_windows(
    values: np.ndarray,
    coords: Mapping[str, np.ndarray],
    read: slice,
    wanted: Sequence[Bin] | TimeBins,
    path: Path,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Values (presentation, neuroid, window), and the coords of the windows.

    values: the bins that `span` says. A window that is a bin of the file is that bin; any other is the mean
    of the bins that lie within it, NaN left out. Raises DataError for a window that holds none.
    """
    windows = _windows(coords, wanted, path)
    means = np.empty((*values.shape[:2], len(windows)), values.dtype if values.dtype.kind == "f" else float)
    for first in range(0, len(values), _ROWS_AT_ONCE):
        rows = values[first : first + _ROWS_AT_ONCE]
        for i, (_, bins) in enumerate(windows):
            means[first : first + _ROWS_AT_ONCE, :, i] = mean_of_bins(rows[:, :, bins - (read.start or 0)])
    start, end = np.array([window for window, _ in windows], dtype=float).T
    return means, {"time_bin_start": start, "time_bin_end": end}


def _windows(
    coords: Mapping[str, np.ndarray], wanted: Sequence[Bin] | TimeBins, path: Path
) -> list[tuple[Bin, np.ndarray]]:
    """Each window with the indices of its bins."""
    start, end = _edges(coords, path)
    listed = _equal(wanted, float(end.max())) if isinstance(wanted, TimeBins) else list(wanted)
    if not listed:
        raise DataError(f"{path}: `time_bins:` makes no bin; the file has {_written(start, end)}")
    return [(window, _bins(window, start, end, path)) for window in listed]


def _edges(coords: Mapping[str, np.ndarray], path: Path) -> tuple[np.ndarray, np.ndarray]:
    missing = [name for name in ("time_bin_start", "time_bin_end") if name not in coords]
    if missing:
        raise DataError(
            f"{path}: `time_bins:` is given, and time_bin has no coord {missing[0]} (there are"
            f" {', '.join(coords) or 'none'}); write `coords: {{{missing[0]}: ...}}` with the one that is"
        )
    return coords["time_bin_start"].astype(float), coords["time_bin_end"].astype(float)


def _equal(bins: TimeBins, last: float) -> list[Bin]:
    """Bins side by side: up to `stop`, or to the last that ends before the file does."""
    if bins.stop is None:
        count = int(np.ceil((last - bins.start) / bins.width - _ROUNDING)) - 1
    else:
        count = int(np.floor((bins.stop - bins.start) / bins.width + _ROUNDING))
    edges = [float(np.round(bins.start + i * bins.width, 9)) for i in range(max(count, 0) + 1)]
    return list(pairwise(edges))


def _bins(window: Bin, start: np.ndarray, end: np.ndarray, path: Path) -> np.ndarray:
    slack = _ROUNDING * abs(window[1] - window[0])
    same = (np.abs(start - window[0]) <= slack) & (np.abs(end - window[1]) <= slack)
    if same.any():
        return np.flatnonzero(same)[:1]
    within = np.flatnonzero((start >= window[0] - slack) & (end <= window[1] + slack))
    if not len(within):
        raise DataError(
            f"{path}: no time bin lies within {window[0]:g} to {window[1]:g}; the file has"
            f" {_written(start, end)}: take those, or a window that holds some"
        )
    return within


def _written(start: np.ndarray, end: np.ndarray) -> str:
    """The file's bins in words: the first eight, and the last."""
    written = [f"{a:g} to {b:g}" for a, b in zip(start, end, strict=True)]
    return ", ".join(written if len(written) <= 9 else [*written[:8], "...", written[-1]])
