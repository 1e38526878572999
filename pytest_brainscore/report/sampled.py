"""Sampled: what a score would have been on other samples, read from the values beside the results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from ..errors import ResultsError
from ..inference.replicates import Factor, Replicates, Sampled, Way
from .joining import Found

if TYPE_CHECKING:
    import xarray as xr

_PREFIX = "replicates_"


def sampled(found: Found) -> Sampled:
    """The replicates of a row, by factor; none where none were kept, or the file is not there."""
    if found.row.values is None:
        return {}
    file = found.part.file.parent / Path(found.row.values).name
    return _read(file) if file.is_file() else {}


def _read(file: Path) -> Sampled:
    import xarray as xr

    try:
        with xr.open_dataset(file, engine="h5netcdf") as dataset:
            names = [name for name in map(str, dataset.data_vars) if name.startswith(_PREFIX)]
            return {_factor(name): _replicates(_factor(name), dataset[name].load()) for name in names}
    except OSError:  # damaged: the scores can be compared, without an interval of the difference
        return {}


def _factor(name: str) -> Factor:
    factor = name.removeprefix(_PREFIX)
    if factor not in get_args(Factor):
        raise ResultsError(
            f"{name}: is of a factor that this release does not know; update pytest-brainscore"
        )
    return cast(Factor, factor)


def _replicates(factor: Factor, values: xr.DataArray) -> Replicates:
    said = values.attrs
    ratio = float(said["ratio"]) if "ratio" in said else None
    way = cast(Way, str(said["way"]))
    return Replicates(way, factor, values.values, int(said["count"]), ratio, bool(said.get("refit", False)))
