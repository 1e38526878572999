"""RDMs and scores per stimulus that runs left beside their results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from ..errors import ResultsError, first_line
from ..specs.results import Row
from .joining import Found

RDM, STIMULUS = "rdm", "stimulus"


def rdms(found: Sequence[Found]) -> dict[str, dict[str, np.ndarray]]:
    """Benchmark to network to its RDM (stimulus, stimulus), where the values beside a row hold one.

    All of a benchmark are in the order of the first one's stimuli.
    Raises ResultsError where a file cannot be read, or the stimuli of a benchmark are not the same in all.
    """
    every: dict[str, dict[str, np.ndarray]] = {}
    orders: dict[str, np.ndarray] = {}
    for one, path in _files(found):
        with _opened(path) as values:
            if RDM not in values:
                continue
            names = values[STIMULUS].values.astype(str)
            order = orders.setdefault(one.row.benchmark, names)
            rdm = values[RDM].values
        every.setdefault(one.row.benchmark, {})[one.row.model] = rdm[_places(names, order, path)]
    return every


def per_stimulus(found: Sequence[Found]) -> dict[tuple[str, str], Mapping[str, float]]:
    """Network and benchmark to the score at each stimulus, the mean over splits, where a metric left any."""
    every: dict[tuple[str, str], Mapping[str, float]] = {}
    for one, path in _files([one for one in found if one.row.over == STIMULUS]):
        with _opened(path) as values:
            scores = values["score"].mean("split")
            pairs = zip(values[STIMULUS].values.astype(str).tolist(), scores.values.tolist(), strict=True)
            every[one.row.model, one.row.benchmark] = {name: x for name, x in pairs if np.isfinite(x)}
    return every


def _files(found: Sequence[Found]) -> Iterator[tuple[Found, Path]]:
    """The values of each network in its own layer, where they lie beside the results."""
    for one in found:
        path = _beside(one.row, one.part.file)
        if path is not None and not one.row.named:
            yield one, path


def _beside(row: Row, results: Path) -> Path | None:
    if row.values is None or Path(row.values).name != row.values:
        return None
    path = results.parent / row.values
    return path if path.is_file() else None


def _opened(path: Path) -> xr.Dataset:
    try:
        return xr.open_dataset(path, engine="h5netcdf")
    except (OSError, ValueError) as why:
        raise ResultsError(f"{path}: is no netCDF ({first_line(why)}); leave this run out") from why


def _places(names: np.ndarray, order: np.ndarray, path: Path) -> tuple[np.ndarray, ...]:
    """Where the stimuli of `order` are among `names`, as an index of rows and columns."""
    known = {name: i for i, name in enumerate(names.tolist())}
    if len(known) != len(order) or not all(name in known for name in order.tolist()):
        raise ResultsError(
            f"{path}: its RDM is of other stimuli than that of the first network; run it again"
        )
    places = np.array([known[name] for name in order.tolist()])
    return np.ix_(places, places)
