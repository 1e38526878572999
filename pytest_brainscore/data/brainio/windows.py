"""Windows: which time bins are wanted of an assembly, as means over those that the file has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...specs.datasets.brainio import TimeBins
from ...specs.datasets.ground import Bin

Wanted = Sequence[Bin] | TimeBins | None
_ROWS_AT_ONCE = 256
_ROUNDING = 1e-4
"""Of edges, relative to the narrower of bin and window: single precision errs by 3e-6 of 10 ms at 0.78 s."""


def span(coords: Mapping[str, np.ndarray], wanted: Wanted, path: Path) -> slice | None:
    """Which of the file's bins need to be read: from the first to the last that a window takes."""
    if wanted is None:
        return slice(None)
    taken = np.flatnonzero(_weighted(coords, wanted, path)[1].any(axis=0))
    return slice(int(taken[0]), int(taken[-1]) + 1)


def in_windows(
    values: np.ndarray,
    coords: Mapping[str, np.ndarray],
    read: slice,
    wanted: Sequence[Bin] | TimeBins,
    path: Path,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Values (presentation, neuroid, window), and the coords of the windows.

    values: the bins that `span` says. A window that is a bin of the file is that bin; any other is the mean
    of the bins that it overlaps, each weighted by how long, NaN left out.
    Raises DataError for a window that overlaps none, and for infinite values.
    """
    windows, weights = _weighted(coords, wanted, path)
    means = np.empty((*values.shape[:2], len(windows)), values.dtype if values.dtype.kind == "f" else float)
    for first in range(0, len(values), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        means[rows] = _means(values[rows], weights[:, read], path)
    start, end = np.array(windows, dtype=float).T
    return means, {"time_bin_start": start, "time_bin_end": end}


def noted(coords: Mapping[str, np.ndarray], wanted: Sequence[Bin] | TimeBins, path: Path) -> tuple[str, ...]:
    """What a reader of a score should know: windows that the bins cover in part only, and bins left out."""
    start, end = _edges(coords, path)
    listed, covered = _listed(wanted, end), _joined(start, end)
    partly = [window for window in listed if not _within(window, covered)]
    notes = [_of_part(partly, covered)] if partly else []
    if isinstance(wanted, TimeBins) and wanted.stop is None:
        first, last = listed[-1][1], listed[-1][1] + wanted.width
        if last <= float(end.max()) + _ROUNDING * wanted.width:
            notes.append(f"time bin {first:g} to {last:g} is left out: `stop: {last:g}` would take it")
    return tuple(notes)


def _means(values: np.ndarray, weights: np.ndarray, path: Path) -> np.ndarray:
    """(k, m, window) from (k, m, bin) and weights (window, bin), in float64; NaN where no bin has a value."""
    valid = ~np.isnan(values)
    filled = np.where(valid, values, 0)
    if not np.isfinite(filled).all():  # 0 times infinity would be NaN in every other window
        raise DataError(f"{path}: some values are infinite; write NaN for what was not measured")
    total, weight = filled @ weights.T, valid @ weights.T
    means: np.ndarray = np.divide(total, weight, out=np.full(total.shape, np.nan), where=weight > 0)
    return means


def _weighted(
    coords: Mapping[str, np.ndarray], wanted: Sequence[Bin] | TimeBins, path: Path
) -> tuple[list[Bin], np.ndarray]:
    """The windows, and the weights (window, bin) of the file's bins in each."""
    start, end = _edges(coords, path)
    listed = _listed(wanted, end)
    if not listed:
        raise DataError(
            f"{path}: `time_bins:` makes no bin; the file has {_written(start, end)}: write a smaller"
            " `width`, or `stop` with where the last one ends"
        )
    weights = _weights(np.array(listed, dtype=float), start, end)
    beside = np.flatnonzero(~weights.any(axis=1))
    if len(beside):
        raise DataError(
            f"{path}: no time bin overlaps {' to '.join(f'{edge:g}' for edge in listed[beside[0]])}; the file"
            f" has {_written(start, end)}: take those, or a window that overlaps some"
        )
    return listed, weights


def _weights(windows: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(window, bin): how long they overlap; or 1 for the bin that is the window, and 0 for the others."""
    first, last = windows.T[:, :, None]
    overlap = np.minimum(last, end) - np.maximum(first, start)
    slack = _ROUNDING * np.minimum(last - first, end - start)
    weights = np.where(overlap > slack, overlap, 0.0)
    same = (np.abs(start - first) <= slack) & (np.abs(end - last) <= slack)
    found = same.any(axis=1)
    weights[found] = np.eye(len(start))[same[found].argmax(axis=1)]
    return weights


def _edges(coords: Mapping[str, np.ndarray], path: Path) -> tuple[np.ndarray, np.ndarray]:
    missing = [name for name in ("time_bin_start", "time_bin_end") if name not in coords]
    if missing:
        raise DataError(
            f"{path}: `time_bins:` is given, and time_bin has no coord {missing[0]} (there are"
            f" {', '.join(coords) or 'none'}); write `coords: {{{missing[0]}: ...}}` with the one that is"
        )
    return coords["time_bin_start"].astype(float), coords["time_bin_end"].astype(float)


def _listed(wanted: Sequence[Bin] | TimeBins, end: np.ndarray) -> list[Bin]:
    return _equal(wanted, float(end.max())) if isinstance(wanted, TimeBins) else list(wanted)


def _equal(bins: TimeBins, last: float) -> list[Bin]:
    """Bins side by side: up to `stop`, or to the last that ends before the file does."""
    if bins.stop is None:
        count = int(np.ceil((last - bins.start) / bins.width - _ROUNDING)) - 1
    else:
        count = int(np.floor((bins.stop - bins.start) / bins.width + _ROUNDING))
    edges = [float(np.round(bins.start + i * bins.width, 9)) for i in range(max(count, 0) + 1)]
    return list(pairwise(edges))


def _joined(start: np.ndarray, end: np.ndarray) -> list[Bin]:
    """The stretches of time that the bins cover together."""
    stretches: list[Bin] = []
    for first, last in sorted(zip(start.tolist(), end.tolist(), strict=True)):
        if stretches and first <= stretches[-1][1] + _ROUNDING * (last - first):
            stretches[-1] = stretches[-1][0], max(last, stretches[-1][1])
        else:
            stretches.append((first, last))
    return stretches


def _within(window: Bin, covered: Sequence[Bin]) -> bool:
    slack = _ROUNDING * (window[1] - window[0])
    return any(first <= window[0] + slack and window[1] <= last + slack for first, last in covered)


def _of_part(windows: Sequence[Bin], covered: Sequence[Bin]) -> str:
    first, last = windows[0]
    more = f" and {len(windows) - 1} more" if len(windows) > 1 else ""
    return f"time window {first:g} to {last:g}{more}: the file has {_written(*np.array(covered).T)} only"


def _written(start: np.ndarray, end: np.ndarray) -> str:
    """The file's bins in words: the first eight, and the last."""
    written = [f"{a:g} to {b:g}" for a, b in zip(start, end, strict=True)]
    return ", ".join(written if len(written) <= 9 else [*written[:8], "...", written[-1]])
