"""Neuroids: each has an id of its own, a region and a subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...errors import DataError
from ..recordings import UNKNOWN
from .assembly import Assembly

_QUALIFIERS = (("subject",), ("region",), ("region", "subject"))
"""Some files count neuroids anew for each subject or region, whose names are then put before the ids."""


def with_ids(assembly: Assembly, region: str | None, subject: str | None) -> Assembly:
    """The assembly with the coords `neuroid`, `region` and `subject`; what is given holds where it has none.

    Raises DataError where it names no region and none is given.
    """
    along = dict(assembly.coords["neuroid"])
    n = assembly.values.shape[assembly.dims.index("neuroid")]
    if "region" not in along and region is None:
        raise DataError(
            f"{assembly.path}: no coord of neuroid is region (there are {', '.join(along) or 'none'}); write"
            " `region:`, or `coords: {region: ...}` with the one that names it"
        )
    along.setdefault("region", np.full(n, region))
    along.setdefault("subject", np.full(n, subject if subject is not None else UNKNOWN))
    along["neuroid"] = _distinct(along, n)
    return replace(assembly, coords={**assembly.coords, "neuroid": along})


def flattened(assembly: Assembly) -> Assembly:
    """Each neuroid in each time bin as a neuroid of its own, its bins side by side.

    Its id is neuroid@start; time_bin_start and time_bin_end become coords of neuroids.
    Raises DataError where the assembly has no time bins, or none that say when they start.
    """
    if "time_bin" not in assembly.dims or "time_bin_start" not in assembly.coords["time_bin"]:
        raise DataError(
            f"{assembly.path}: `flatten: time_bins` needs time bins with the coord time_bin_start"
        )
    k, m, t = assembly.values.shape
    neuroids = {name: np.repeat(labels, t) for name, labels in assembly.coords["neuroid"].items()}
    bins = {name: np.tile(labels, m) for name, labels in assembly.coords["time_bin"].items()}
    start = [f"{time:g}" for time in bins["time_bin_start"]]
    ids = np.array([f"{id}@{time}" for id, time in zip(neuroids["neuroid"], start, strict=True)])
    coords = {
        "presentation": assembly.coords["presentation"],
        "neuroid": {**neuroids, **bins, "neuroid": ids},
    }
    values = assembly.values.reshape(k, m * t)
    return replace(assembly, values=values, dims=("presentation", "neuroid"), coords=coords)


def _distinct(along: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    """Ids that differ: the file's, else with subject or region before them, else with a running number."""
    ids = along["neuroid"].astype(str) if "neuroid" in along else np.arange(n).astype(str)
    candidates = [ids, *(_joined([along[name] for name in names] + [ids]) for names in _QUALIFIERS)]
    for candidate in candidates:
        if len(np.unique(candidate)) == n:
            return candidate
    return _joined([candidates[-1], np.arange(n)])


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.array([".".join(map(str, names)) for names in zip(*parts, strict=True)])
