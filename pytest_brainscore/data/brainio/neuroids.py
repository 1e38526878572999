"""Neuroids: each has an id of its own, a region and a subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ...errors import DataError
from ..recordings import UNKNOWN
from .assembly import Assembly

_QUALIFIERS = (("subject",), ("region",), ("region", "subject"))
"""Some files count neuroids anew for each subject or region, whose names are then put before the ids."""


def with_ids(assembly: Assembly, region: str | None, subject: str | None) -> Assembly:
    """The assembly with the coords `neuroid`, `region` and `subject`; what is given holds where it has none.

    Raises DataError where it names no region and none is given, and where a region or subject is empty.
    """
    along = dict(assembly.coords["neuroid"])
    n = assembly.values.shape[assembly.dims.index("neuroid")]
    if "region" not in along and region is None:
        raise DataError(
            f"{assembly.path}: no coord of neuroid is region (there are {', '.join(along) or 'none'}); write"
            " `region:`, or `coords: {region: ...}` with the one that names it"
        )
    for name in ("region", "subject"):
        refuse_empty(along.get(name), f"{assembly.path}: neuroid", name)
    along.setdefault("region", np.full(n, region))
    along.setdefault("subject", np.full(n, subject if subject is not None else UNKNOWN))
    named = _named(along, n)
    along["neuroid"] = _counted(along, n) if named is None else named
    coords = {**assembly.coords, "neuroid": along}
    return replace(assembly, coords=coords, numbered=named is None)


def refuse_empty(names: np.ndarray | None, where: str, what: str) -> None:
    """Raise DataError where one of the names is empty or NaN: nobody is called so."""
    if names is None:
        return
    empty = np.flatnonzero(pd.isna(names) | (names.astype(str) == ""))
    if len(empty):
        raise DataError(
            f"{where} {empty[0] + 1} has no {what} ({len(empty)} of {len(names)} are such): name it in the"
            f" file, or take `coords: {{{what}: ...}}` with a coord that names all"
        )


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


def _named(along: Mapping[str, np.ndarray], n: int) -> np.ndarray | None:
    """The file's ids, or these with subject or region before them; None where not even those differ."""
    if "neuroid" not in along:
        return None
    ids = along["neuroid"].astype(str)
    candidates = [ids, *(_joined([*(along[name] for name in names), ids]) for names in _QUALIFIERS)]
    return next((candidate for candidate in candidates if len(np.unique(candidate)) == n), None)


def _counted(along: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    """Running numbers, behind region, subject and id where the file has ids that do not differ."""
    numbers = np.arange(n).astype(str)
    if "neuroid" not in along:
        return numbers
    return _joined([along["region"], along["subject"], along["neuroid"].astype(str), numbers])


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.array([".".join(map(str, names)) for names in zip(*parts, strict=True)])
