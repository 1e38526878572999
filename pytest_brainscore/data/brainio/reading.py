"""Reading: files of Brain-Score's layout become Recordings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from ...errors import DataError
from ...specs.datasets.brainio import BrainioDataset, BrainioRecordings, BrainioStimuli
from ..assembly import Source, assemble
from ..recordings import Recordings
from ..stimuli import Stimuli
from ..trials import REGION
from .assembly import Assembly, clean, read_assembly
from .joining import Joined, join, matched
from .neuroids import flattened, refuse_empty, with_ids
from .parts import together
from .stimulus_set import Fetch, read_stimuli

_NO_ANSWER = "na"
"""The choice of who made none: no object has this name, so it counts as wrong."""


def read(dataset: BrainioDataset, fetch: Fetch, cache: Path) -> Recordings:
    """Read an assembly and its stimuli, or several of each, whose stimuli have the coord `part`.

    Responses have one row of `stimuli` per stimulus, in the order in which Brain-Score averages them
    (`joining`); choices and RSMs have the stimuli of the table and of the file, in their orders.
    Raises DataError that names the file, what is wrong with it, and what to do.
    """
    if not dataset.parts:
        shown, recorded = dataset.stimuli, dataset.recordings
        if shown is None or recorded is None:
            raise DataError(f"{dataset.id}: needs `stimuli` and `recordings`, or `parts`")
        return _whole(dataset, shown, recorded, fetch, cache)
    found: dict[str, Recordings | Stimuli] = {}
    for name, part in dataset.parts.items():
        if part.recordings is None:
            found[name] = read_stimuli(part.stimuli, fetch, cache)
        else:
            found[name] = _whole(dataset, part.stimuli, part.recordings, fetch, cache)
    return together(dataset.id, found)


def _whole(
    dataset: BrainioDataset, shown: BrainioStimuli, recorded: BrainioRecordings, fetch: Fetch, cache: Path
) -> Recordings:
    assembly = read_assembly(fetch(recorded.netcdf), recorded)
    found = _of_its_kind(dataset.id, assembly, read_stimuli(shown, fetch, cache), recorded)
    renamed = {theirs: ours for ours, theirs in recorded.coords.items()}
    return replace(found, notes=(*assembly.notes, *found.notes), renamed=renamed)


def _of_its_kind(
    dataset: str, assembly: Assembly, stimuli: Stimuli, recorded: BrainioRecordings
) -> Recordings:
    if assembly.dims == ("presentation",):
        return _choices(dataset, assembly, stimuli)
    assembly = with_ids(assembly, recorded.region, recorded.subject)
    if assembly.dims.count("presentation") == 2:
        return _rdms(dataset, assembly, stimuli)
    if recorded.flatten is not None:
        assembly = flattened(assembly)
    return _responses(dataset, assembly, join(assembly, stimuli))


def _responses(dataset: str, assembly: Assembly, joined: Joined) -> Recordings:
    coords: dict[str, tuple[str, np.ndarray]] = {
        name: (dim, labels)
        for dim, along in assembly.coords.items()
        for name, labels in along.items()
        if dim != "presentation"
    }
    coords |= {name: ("presentation", labels) for name, labels in joined.coords.items()}
    coords["stimulus"] = ("presentation", np.asarray(joined.stimuli.ids)[joined.rows])
    array = xr.DataArray(assembly.values, dims=assembly.dims, coords=coords)
    recordings = assemble(Source(dataset, str(assembly.path)), joined.stimuli, array)
    data = recordings.data.assign_attrs(numbered=assembly.numbered)
    return Recordings(dataset, recordings.stimuli, data, notes=joined.notes)


def _choices(dataset: str, assembly: Assembly, stimuli: Stimuli) -> Recordings:
    """Trials in the file's order, in which they are halved; stimuli in the table's."""
    along, chosen = assembly.coords["presentation"], _chosen(assembly)
    refuse_empty(along.get("subject"), f"{assembly.path}: trial", "subject")
    rows = matched(assembly.ids, stimuli, assembly.path)
    columns = {
        **{name: labels for name, labels in along.items() if name != "choice"},
        "stimulus": np.asarray(stimuli.ids)[rows],
        "truth": _truth(assembly),
        "region": np.full(len(rows), REGION),
    }
    coords = {name: ("presentation", labels) for name, labels in columns.items()}
    return Recordings(dataset, stimuli, xr.DataArray(chosen, dims=("presentation",), coords=coords))


def _chosen(assembly: Assembly) -> np.ndarray:
    """The names that were chosen; an empty one is no answer, where all objects could be named."""
    along = assembly.coords["presentation"]
    chosen = assembly.values if assembly.values.dtype.kind in "UO" else along.get("choice")
    if chosen is None or chosen.dtype.kind not in "UO":
        raise DataError(
            f"{assembly.path}: its values are {assembly.values.dtype}, and no coord `choice` names the"
            " objects that were chosen; write `coords: {choice: ...}` with the one that does"
        )
    names = clean(chosen).astype(str)
    return names if "distractor" in along else np.where(names == "", _NO_ANSWER, names)


def _truth(assembly: Assembly) -> np.ndarray:
    along = assembly.coords["presentation"]
    if "truth" not in along:
        raise DataError(
            f"{assembly.path}: no coord `truth` (there are {', '.join(along)}); write"
            " `coords: {truth: ...}` with the one that says what each stimulus shows"
        )
    return along["truth"]


def _rdms(dataset: str, assembly: Assembly, stimuli: Stimuli) -> Recordings:
    """RDMs, 1 - similarity: one for each neuroid of the file, which is a region of a subject."""
    rows = matched(assembly.ids, stimuli, assembly.path)
    if len(np.unique(rows)) < len(rows):
        raise DataError(f"{assembly.path}: RSMs in which a stimulus has two rows; one for each is due")
    shown, along = stimuli.take(rows), assembly.coords["presentation"]
    more = {name: labels for name, labels in along.items() if name not in (*shown.coords, "stimulus")}
    rdms = xr.DataArray(
        1 - np.moveaxis(assembly.values.astype(np.float64), 2, 0),
        dims=("subject", "stimulus", "stimulus_"),
        coords={n: ("subject", labels) for n, labels in assembly.coords["neuroid"].items() if n != "neuroid"},
    )
    return Recordings(dataset, replace(shown, coords={**shown.coords, **more}), rdms)
