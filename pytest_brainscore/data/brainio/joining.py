"""Joining: each presentation of an assembly is given its stimulus, and the stimuli their order.

Brain-Score averages by grouping on all coords of the presentations but `repetition`. Its rows come out
sorted by the tuple of those coords in the file's order, and its splits are drawn on these rows. Here rows are
grouped by stimulus, and the stimuli take that same order. The two differ where a coord tells showings of one
stimulus apart, or is NaN, which equals nothing: such showings stay single rows there and are averaged here,
and a note says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ...errors import DataError
from ..stimuli import Stimuli
from ..tables import rows_of
from .assembly import Assembly

_REPETITION = "repetition"


@dataclass(frozen=True, eq=False)
class Joined:
    """Stimuli in order, the row in them of each presentation, and what else is known of presentations.

    coords: those that differ between showings of a stimulus; the others are the stimuli's.
    """

    stimuli: Stimuli
    rows: np.ndarray
    coords: Mapping[str, np.ndarray]
    notes: tuple[str, ...] = ()


def join(assembly: Assembly, stimuli: Stimuli) -> Joined:
    """Join on the stimulus id.

    Stimuli that are shown come first, in Brain-Score's order: sorted by the coords of the presentations up
    to the id. Where none is shown twice nothing is averaged there, and they keep the file's order.
    Raises DataError for a presentation of a stimulus that the table does not have.
    """
    rows = matched(assembly.ids, stimuli, assembly.path)
    along = assembly.coords["presentation"]
    of_stimuli, of_showings = _shared(along, rows, len(stimuli))
    order = _order(along, of_stimuli, rows, len(stimuli))
    described = {**stimuli.coords, **of_stimuli}  # the assembly counts more than the table, as there
    coords = {name: values for name, values in described.items() if name not in of_showings}
    ordered = replace(stimuli, coords=coords).take(order)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    missing = [name for name in coords if _is_missing(coords[name][rows], name in along)]
    return Joined(ordered, place[rows], of_showings, _notes(assembly, rows, of_showings, missing))


def matched(ids: np.ndarray, stimuli: Stimuli, path: Path) -> np.ndarray:
    """Row in `stimuli` of each id. Ids are compared as text, and where that fails for one, as numbers.

    Raises DataError for an id that no stimulus has, and where as numbers two stimuli have the same.
    """
    known = {id: i for i, id in enumerate(stimuli.ids)}
    names = _texts(ids)
    if not set(names.tolist()) <= known.keys() and _all_numbers([*known, *set(names.tolist())]):
        known = _by_number(stimuli.ids, path)
        names = np.array([_number(name) for name in names.tolist()])
    return rows_of(names, known, f"{path}: stimulus")


def _texts(ids: np.ndarray) -> np.ndarray:
    """Ids as text; 12.0 of a column of floats is 12."""
    if ids.dtype.kind == "f" and np.isfinite(ids).all() and (ids == np.round(ids)).all():
        ids = ids.astype(np.int64)
    return ids.astype(str)


def _all_numbers(names: list[str]) -> bool:
    try:
        return all(np.isfinite(float(name)) for name in names)
    except ValueError:
        return False


def _number(name: str) -> str:
    """The same text for the same number: 0012, 12 and 12.0 are 12; long ones keep all their digits."""
    return str(int(name)) if name.strip().lstrip("+-").isdigit() else f"{float(name):.17g}"


def _by_number(ids: tuple[str, ...], path: Path) -> dict[str, int]:
    known: dict[str, int] = {}
    for i, id in enumerate(ids):
        if _number(id) in known:
            raise DataError(
                f"{path}: its ids are numbers, and as numbers {ids[known[_number(id)]]} and {id} of the table"
                " are the same"
            )
        known[_number(id)] = i
    return known


def _shared(
    along: Mapping[str, np.ndarray], rows: np.ndarray, n: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The coords that have one value per stimulus, a value for each of n; and those of single showings."""
    first = np.full(n, -1)
    first[rows[::-1]] = np.arange(len(rows))[::-1]
    of_stimuli, of_showings = {}, {}
    for name, values in along.items():
        codes, _ = pd.factorize(values, use_na_sentinel=False)
        if name == _REPETITION or (codes != codes[first[rows]]).any():
            of_showings[name] = values
        elif name != "stimulus":
            of_stimuli[name] = _filled(values, first)
    return of_stimuli, of_showings


def _filled(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The value of each stimulus; NaN or the empty text for one that is not shown."""
    shown = first >= 0
    if shown.all():
        return np.asarray(values[first])
    filled = values[np.maximum(first, 0)]
    if filled.dtype.kind in "US":
        return np.where(shown, filled, "")
    return np.where(shown, filled.astype(float), np.nan) if filled.dtype.kind in "fiub" else filled


def _order(
    along: Mapping[str, np.ndarray], of_stimuli: Mapping[str, np.ndarray], rows: np.ndarray, n: int
) -> np.ndarray:
    """The stimuli that are shown, in Brain-Score's order, then the others in the table's."""
    count = np.bincount(rows, minlength=n)
    hidden = np.flatnonzero(count == 0)
    if count.max() == 1:
        return np.concatenate([rows, hidden])
    shown = np.flatnonzero(count)
    id_of = np.empty(n, dtype=along["stimulus"].dtype)
    id_of[rows] = along["stimulus"]
    names = list(along)
    before = [of_stimuli[name] for name in names[: names.index("stimulus")] if name in of_stimuli]
    keys = [_ranks(values[shown]) for values in [*before, id_of]]
    return np.concatenate([shown[np.lexsort(keys[::-1])], hidden])


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1]


def _is_missing(values: np.ndarray, in_assembly: bool) -> bool:
    """Whether Brain-Score has NaN among them: empty text of a table is NaN there, that of a file is not."""
    if values.dtype.kind == "f":
        return bool(np.isnan(values).any())
    return values.dtype.kind == "U" and not in_assembly and bool((values == "").any())


def _notes(
    assembly: Assembly, rows: np.ndarray, of_showings: Mapping[str, np.ndarray], missing: list[str]
) -> tuple[str, ...]:
    """What keeps showings of a stimulus apart in Brain-Score, where there is anything to average."""
    if "neuroid" not in assembly.dims or len(rows) == len(np.unique(rows)):
        return ()
    differing = [name for name in of_showings if name not in (_REPETITION, "stimulus")]
    told = [f"{name} differs between showings" for name in differing]
    told += [f"{name} is missing for some" for name in missing]
    if not told:
        return ()
    return (
        f"{assembly.path.name}: {', '.join(told)}; Brain-Score does not average over such showings, here"
        " all of a stimulus are averaged",
    )
