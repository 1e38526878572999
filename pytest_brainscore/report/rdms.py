"""RDMs and scores per stimulus that runs left beside their results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BrainScoreError, DataError, ResultsError, first_line
from .joining import Found

if TYPE_CHECKING:
    import xarray as xr

RDM, STIMULUS, SCORE, SPLIT = "rdm", "stimulus", "score", "split"
_AGAIN = "leave this run out, or run it again"


def rdms(found: Sequence[Found]) -> dict[str, dict[str, np.ndarray]]:
    """Benchmark to network to its RDM (stimulus, stimulus), where the values beside a row hold one.

    All of a benchmark are in the order of the first one's stimuli.
    Raises ResultsError where a file cannot be read, points to another, or would take more memory than a file
    of its size may, where its RDM is not of stimuli by stimuli, or the stimuli of a benchmark differ.
    """
    every: dict[str, dict[str, np.ndarray]] = {}
    orders: dict[str, np.ndarray] = {}
    for one, path in files(found):
        with opened(path) as values:
            if RDM not in values:
                continue
            names, rdm = _rdm(values[RDM], path)
        order = orders.setdefault(one.row.benchmark, names)
        every.setdefault(one.row.benchmark, {})[one.row.model] = rdm[_places(names, order, path)]
    return every


def per_stimulus(found: Sequence[Found]) -> dict[tuple[str, str], Mapping[str, float]]:
    """Network and benchmark to the score at each stimulus, the mean over splits, where a metric left any.

    Raises ResultsError as `rdms` does.
    """
    every: dict[tuple[str, str], Mapping[str, float]] = {}
    for one, path in files([one for one in found if one.row.over == STIMULUS]):
        with opened(path) as values:
            _refuse_other_dims(values.get(SCORE), {SPLIT, STIMULUS}, path, "scores by stimulus")
            scores = values[SCORE].mean(SPLIT)
            pairs = zip(scores[STIMULUS].values.astype(str).tolist(), scores.values.tolist(), strict=True)
            every[one.row.model, one.row.benchmark] = {name: x for name, x in pairs if np.isfinite(x)}
    return every


def files(found: Sequence[Found]) -> Iterator[tuple[Found, Path]]:
    """The values of each network in its own layer, where they lie beside the results."""
    for one in found:
        if (path := one.values_file) is not None and not one.row.named:
            yield one, path


@contextmanager
def opened(path: Path) -> Iterator[xr.Dataset]:
    """The values beside a row; of whatever is raised while they are read, a ResultsError is made."""
    from ..data.formats import open_netcdf  # most runs leave nothing to open, and xarray takes long to import

    try:
        _refuse_too_large(path)
        with open_netcdf(path, _AGAIN) as values:
            yield values
    except DataError as why:
        raise ResultsError(str(why)) from why
    except BrainScoreError:
        raise
    except Exception as why:  # of a damaged file libraries raise anything
        raise ResultsError(f"{path}: is no netCDF, or damaged ({first_line(why)}); {_AGAIN}") from why


def _refuse_too_large(path: Path) -> None:
    """Raise DataError for an array that a file of that size cannot hold: xarray reads coords as it opens."""
    import h5py

    from ..data.sizes import refuse_too_large

    def visited(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            refuse_too_large(item.nbytes, f"the array {name}", path)

    with h5py.File(path, "r") as file:
        file.visititems(visited)


def _rdm(rdm: xr.DataArray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Names of stimuli (n,) and the RDM (n, n)."""
    _refuse_other_dims(rdm, {STIMULUS, f"{STIMULUS}_"}, path, "RDM")
    names = rdm[STIMULUS].values.astype(str)
    if rdm.shape != (len(names), len(names)) or len(set(names.tolist())) < len(names):
        raise ResultsError(f"{path}: its RDM is {rdm.shape} of {len(set(names.tolist()))} stimuli; {_AGAIN}")
    return names, rdm.values


def _refuse_other_dims(values: xr.DataArray | None, dims: set[str], path: Path, what: str) -> None:
    """Raise ResultsError for what is not there, is no numbers, has other dims, or stimuli without names."""
    if values is None:
        raise ResultsError(f"{path}: has no {what}; {_AGAIN}")
    if set(values.dims) != dims or values.dtype.kind not in "fiu" or STIMULUS not in values.coords:
        found = f"{values.dtype} of ({', '.join(map(str, values.dims))})"
        due = f"numbers of ({', '.join(sorted(dims))}) with names of stimuli"
        raise ResultsError(f"{path}: its {what}: {found}; {due} are due; {_AGAIN}")


def _places(names: np.ndarray, order: np.ndarray, path: Path) -> tuple[np.ndarray, ...]:
    """Where the stimuli of `order` are among `names`, as an index of rows and columns."""
    known = {name: i for i, name in enumerate(names.tolist())}
    if len(known) != len(order) or not all(name in known for name in order.tolist()):
        raise ResultsError(
            f"{path}: its RDM is of other stimuli than that of the first network; run it again"
        )
    places = np.array([known[name] for name in order.tolist()])
    return np.ix_(places, places)
