"""Parts: several files of one data set, such as train and test, as one Recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from ...errors import DataError
from ..recordings import UNKNOWN, Recordings
from ..stimuli import Stimuli
from .sharing import shared

PART = "part"
_WHOSE = ("region", "subject")


@dataclass(frozen=True, eq=False)
class _Part:
    """The stimuli of a part under ids that no other part has, and its data with these ids."""

    stimuli: Stimuli
    data: xr.DataArray | None


def together(dataset: str, found: Mapping[str, Recordings | Stimuli]) -> Recordings:
    """One Recordings of all parts in turn; the stimuli's coord `part` says of which each is.

    A stimulus id that two parts have becomes part/id in both. Neuroids are matched by id, in the order of
    the first part that was recorded. Parts without recordings are stimuli alone.
    Raises DataError for RSMs, for parts that differ in kind, in neuroids or in time bins, and where all
    images of the part `test` are in `train`, too. Fewer that two parts share are a note.
    """
    stimuli = {name: one.stimuli if isinstance(one, Recordings) else one for name, one in found.items()}
    count = Counter(id for one in stimuli.values() for id in one.ids)
    parts = {name: _part(name, one, count) for name, one in found.items()}
    recorded = {name: part.data for name, part in parts.items() if part.data is not None}
    data, more = _data(dataset, recorded)
    read = [one for one in found.values() if isinstance(one, Recordings)]
    return Recordings(
        dataset,
        _stimuli(dataset, [part.stimuli for part in parts.values()]),
        data,
        notes=(*dict.fromkeys(note for one in read for note in one.notes), *more, *shared(dataset, stimuli)),
        renamed={theirs: ours for one in read for theirs, ours in one.renamed.items()},
    )


def _part(name: str, one: Recordings | Stimuli, count: Counter[str]) -> _Part:
    stimuli = one.stimuli if isinstance(one, Recordings) else one
    ids = tuple(f"{name}/{id}" if count[id] > 1 else id for id in stimuli.ids)
    coords = {**stimuli.coords, PART: np.full(len(ids), name)}
    renamed = replace(stimuli, ids=ids, coords=coords)
    if not isinstance(one, Recordings):
        return _Part(renamed, None)
    if one.kind == "rdms":
        raise DataError(f"{one.dataset}: part {name} holds RSMs, which are of one part: leave out `parts:`")
    new = dict(zip(stimuli.ids, ids, strict=True))
    shown = np.array([new[str(id)] for id in one.data["stimulus"].values])
    return _Part(renamed, one.data.assign_coords(stimulus=("presentation", shown)))


def _stimuli(dataset: str, parts: Sequence[Stimuli]) -> Stimuli:
    degrees = {part.visual_degrees for part in parts}
    if len(degrees) > 1:
        written = ", ".join(
            "none" if size is None else f"{size:g}" for size in (p.visual_degrees for p in parts)
        )
        raise DataError(f"{dataset}: parts differ in visual_degrees ({written}); one data set has one")
    names = list(dict.fromkeys(name for part in parts for name in part.coords))
    return Stimuli(
        ids=tuple(id for part in parts for id in part.ids),
        images=tuple(image for part in parts for image in part.images),
        coords={name: _column([(part.coords.get(name), len(part)) for part in parts]) for name in names},
        visual_degrees=degrees.pop(),
        listed=_listed(parts),
    )


def _listed(parts: Sequence[Stimuli]) -> tuple[int, ...]:
    """The places of all in their tables, one table after the other."""
    places: list[int] = []
    for part in parts:
        start = max(places, default=-1) + 1
        places += [start + place for place in part.places]
    return tuple(places)


def _column(columns: Sequence[tuple[np.ndarray | None, int]]) -> np.ndarray:
    """One column of all parts: NaN or empty where a part has none, text where one has text."""
    given = [values for values, _ in columns if values is not None]
    text = any(values.dtype.kind not in "fiub" for values in given)
    blank = "" if text else np.nan
    filled = [np.full(n, blank) if values is None else values for values, n in columns]
    return np.concatenate([values.astype(str) if text else values for values in filled])


def _data(dataset: str, recorded: Mapping[str, xr.DataArray]) -> tuple[xr.DataArray, tuple[str, ...]]:
    """The data of all parts along presentation, and notes."""
    (first_name, first), *others = recorded.items()
    aligned, notes = [first], []
    for name, data in others:
        matched = _matched(dataset, first_name, first, name, data)
        notes += _differing(first_name, first, name, matched)
        aligned.append(matched)
    return (_in_turn(aligned) if others else first), tuple(notes)


def _in_turn(parts: Sequence[xr.DataArray]) -> xr.DataArray:
    """The presentations of all parts in turn, with the other coords of the first."""
    own = [{str(n): c.values for n, c in p.coords.items() if c.dims == ("presentation",)} for p in parts]
    coords = {n: (c.dims, c.values) for n, c in parts[0].coords.items() if c.dims != ("presentation",)}
    for name in dict.fromkeys(name for columns in own for name in columns):
        columns = [(one.get(name), len(part)) for one, part in zip(own, parts, strict=True)]
        coords[name] = (("presentation",), _column(columns))
    return xr.DataArray(np.concatenate([part.values for part in parts]), dims=parts[0].dims, coords=coords)


def _matched(
    dataset: str, first_name: str, first: xr.DataArray, name: str, data: xr.DataArray
) -> xr.DataArray:
    """The data with their neuroids in the order of the first part."""
    if data.dims != first.dims:
        raise DataError(
            f"{dataset}: part {first_name} has dims {', '.join(map(str, first.dims))}, and part {name}"
            f" {', '.join(map(str, data.dims))}; parts have the same"
        )
    if "time_bin" in data.dims and not _same_bins(first, data):
        raise DataError(
            f"{dataset}: parts {first_name} and {name} differ in time bins; write `time_bins:` for both"
        )
    if "neuroid" not in data.dims:
        return data
    order = _order(dataset, first_name, first["neuroid"].values, name, data["neuroid"].values)
    data = data if (order == np.arange(len(order))).all() else data.isel(neuroid=order)
    _refuse_others(dataset, first_name, first, name, data)
    return data


def _order(dataset: str, first_name: str, due: np.ndarray, name: str, ids: np.ndarray) -> np.ndarray:
    """Where each of the first part's neuroids is in the other."""
    place = {id: i for i, id in enumerate(ids.tolist())}
    lacking = [id for id in due.tolist() if id not in place]
    if lacking or len(ids) != len(due):
        odd = f"{lacking[0]} is not in {name}" if lacking else f"{name} has more"
        raise DataError(
            f"{dataset}: part {first_name} has {len(due)} neuroids and part {name} {len(ids)}; {odd}."
            " Parts have the same neuroids"
        )
    return np.array([place[id] for id in due.tolist()])


def _same_bins(one: xr.DataArray, other: xr.DataArray) -> bool:
    return (
        all(
            name in other.coords and np.array_equal(coord.values, other[name].values)
            for name, coord in one.coords.items()
            if coord.dims == ("time_bin",)
        )
        and one.sizes["time_bin"] == other.sizes["time_bin"]
    )


def _differing(first_name: str, first: xr.DataArray, name: str, data: xr.DataArray) -> list[str]:
    """A note on neuroid coords that two parts have with other values: the first part's hold."""
    odd = [coord for coord in _common(first, data) if _unlike(first, data, coord).any()]
    if not odd:
        return []
    return [f"neuroids differ in {', '.join(odd)} between parts {first_name} and {name}; {first_name}'s hold"]


def _refuse_others(dataset: str, first_name: str, first: xr.DataArray, name: str, data: xr.DataArray) -> None:
    """Raise DataError where neuroids of one id differ in region or subject; running numbers, in any coord."""
    numbered = first.attrs.get("numbered") or data.attrs.get("numbered")
    for coord in _common(first, data) if numbered else _WHOSE:
        odd = np.flatnonzero(_unlike(first, data, coord))
        if len(odd):
            i = odd[0]
            why = ", which the files do not name: they are matched by position" if numbered else ""
            raise DataError(
                f"{dataset}: neuroid {first['neuroid'].values[i]} has {coord} {first[coord].values[i]} in"
                f" part {first_name} and {data[coord].values[i]} in part {name} ({len(odd)} of"
                f" {first.sizes['neuroid']} neuroids are such{why}); parts have the same neuroids"
            )


def _common(first: xr.DataArray, data: xr.DataArray) -> list[str]:
    """The coords of neuroids that both have, but their ids."""
    return [
        str(name)
        for name, coord in first.coords.items()
        if coord.dims == ("neuroid",) and name in data.coords and name != "neuroid"
    ]


def _unlike(first: xr.DataArray, data: xr.DataArray, coord: str) -> np.ndarray:
    """For which neuroids a coord differs; who is unknown may be anyone."""
    one, other = first[coord].values, data[coord].values
    if one.dtype.kind in "fiub" and other.dtype.kind in "fiub":
        return np.asarray(~np.isclose(one.astype(float), other.astype(float), rtol=1e-5, equal_nan=True))
    one, other = one.astype(str), other.astype(str)
    if coord in _WHOSE:
        return np.asarray((one != other) & (one != UNKNOWN) & (other != UNKNOWN))
    return np.asarray(one != other)
