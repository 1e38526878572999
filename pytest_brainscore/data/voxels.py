"""The reader `voxel_betas`: images, a table of them, and two tables of voxels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from ..errors import DataError, nearest
from ..specs.base import File
from ..specs.datasets import ArrayStimuli
from ..specs.datasets.voxels import VoxelRecordings, VoxelsDataset, VoxelStimuli
from .assembly import Source, assemble
from .chunks import chunks, column_names
from .images import known_names, read_stimuli
from .recordings import Recordings
from .sizes import refuse_too_large
from .stimuli import Stimuli
from .tables import column, labels, read_table, unique

VOXEL, NCSNR, IMAGE, IMAGE_ID = "voxel_id", "ncsnr", "image_name", "image_id"
REGION_NAMES = ("roi_name", "region")
SETS = ("OTC", "EVC")
"""Flags that name a voxel's region before others do."""


@dataclass(frozen=True, eq=False)
class _Images:
    """The stimuli in the order of their table, and every name of one to its row there."""

    stimuli: Stimuli
    rows: Mapping[str, int]


def read(dataset: VoxelsDataset, fetch: Callable[[File], Path], cache: Path) -> Recordings:
    """One mean response of each voxel to each image, with what the metadata say of the voxel as coords.

    Stimuli are in the order of their table, voxels in that of the metadata. `region` is the column
    `roi_name`, or else the first flag that is 1, OTC and EVC before others; each flag is a coord of its name,
    true or false. Rows and columns are joined by name, never by their place.
    Raises DataError where an image or a voxel is missing, unknown or there twice, and for what is no number.
    """
    images = _images(dataset.stimuli, fetch, cache)
    metadata, betas = fetch(dataset.recordings.metadata), fetch(dataset.recordings.betas)
    voxels = _voxels(dataset.recordings, metadata)
    array = xr.DataArray(
        _betas(betas, images, voxels["neuroid"].tolist(), metadata),
        dims=("stimulus", "neuroid"),
        coords={name: ("neuroid", values) for name, values in voxels.items()},
    )
    return assemble(Source(dataset.id, str(betas)), images.stimuli, array)


# --- images


def _images(spec: VoxelStimuli, fetch: Callable[[File], Path], cache: Path) -> _Images:
    found = read_stimuli(ArrayStimuli(images=spec.images, visual_degrees=spec.visual_degrees), fetch, cache)
    path = fetch(spec.table)
    table = read_table(path, text=(IMAGE, IMAGE_ID))
    names = column(table, IMAGE, path).astype(str).tolist()
    known, rows = known_names(found), list(range(len(names)))
    if absent := [name for name in names if name not in known]:
        raise DataError(
            f"{path}: no image file of {absent[0]}{nearest(absent[0], known)} ({len(absent)} of {len(names)}"
            " images are missing)"
        )
    order = [known[name] for name in names]
    unique([found.ids[i] for i in order], f"{path}: column {IMAGE}")
    stimuli = replace(
        found.take(order),
        coords={str(name): labels(table[name]) for name in table.columns},
        listed=None,
    )
    ids = column(table, IMAGE_ID, path).astype(str).tolist() if IMAGE_ID in table.columns else []
    return _Images(stimuli, {**_once(ids), **known_names(stimuli), **dict(zip(names, rows, strict=True))})


def _once(ids: Sequence[str]) -> dict[str, int]:
    """The row of each id that stands for one row alone."""
    counted = pd.Series(ids, dtype=object).value_counts()
    return {id: row for row, id in enumerate(ids) if counted[id] == 1}


# --- voxels


def _voxels(spec: VoxelRecordings, path: Path) -> dict[str, np.ndarray]:
    """The coords of the voxels (m,), in the order of the metadata."""
    table = read_table(path, text=(VOXEL, spec.subject, *REGION_NAMES))
    ids = column(table, VOXEL, path).astype(str)
    unique(ids.tolist(), f"{path}: column {VOXEL}")
    subjects = column(table, spec.subject, path).astype(str)
    others = [str(c) for c in table.columns if c not in (VOXEL, spec.subject, NCSNR, *REGION_NAMES)]
    flags = {name: found for name in others if (found := _flag(table, name, path)) is not None}
    coords = {name: flags[name] if name in flags else labels(table[name]) for name in others}
    if NCSNR in table.columns:
        coords[NCSNR] = _ncsnr(table, path)
    if spec.repetitions is not None:
        coords["repetitions"] = np.full(len(table), spec.repetitions)
    return {**coords, "neuroid": ids, "subject": subjects, "region": _regions(table, flags, ids, path)}


def _flag(table: pd.DataFrame, name: str, path: Path) -> np.ndarray | None:
    """A column of 0 and 1, or of true and false, as truth values (m,); None where it is another."""
    series = table[name]
    if not pd.api.types.is_numeric_dtype(series) or not series.dropna().isin((0, 1)).all():
        return None
    if series.hasnans:
        row = int(np.flatnonzero(series.isna())[0])
        raise DataError(f"{path}: row {row + 1}, column {name}: nothing there, and 0 or 1 is due")
    return np.asarray(series.to_numpy(bool))


def _ncsnr(table: pd.DataFrame, path: Path) -> np.ndarray:
    values = pd.to_numeric(table[NCSNR], errors="coerce").to_numpy(float)
    odd = np.flatnonzero(~(values >= 0) | np.isinf(values))
    if len(odd):
        raise DataError(
            f"{path}: row {odd[0] + 1}, column {NCSNR}: {table[NCSNR].iloc[odd[0]]} ({len(odd)} of"
            f" {len(values)} rows are such); a number of 0 or more is due"
        )
    return np.asarray(values)


def _regions(table: pd.DataFrame, flags: Mapping[str, np.ndarray], ids: np.ndarray, path: Path) -> np.ndarray:
    for name in REGION_NAMES:
        if name in table.columns:
            return _named(column(table, name, path).astype(str), f"a {name}", ids, path)
    ordered = sorted(flags, key=lambda name: name not in SETS)
    named = np.full(len(ids), "", dtype=object)
    for name in reversed(ordered):
        named[flags[name]] = name
    return _named(named.astype(str), f"a 1 in any of {', '.join(ordered) or 'no flags'}", ids, path)


def _named(regions: np.ndarray, what: str, ids: np.ndarray, path: Path) -> np.ndarray:
    empty = np.flatnonzero(regions == "")
    if len(empty):
        raise DataError(
            f"{path}: voxel {ids[empty[0]]} lies in no region: it has not {what} ({len(empty)} of {len(ids)}"
            " voxels are such); leave them out, or give them a column roi_name"
        )
    return regions


# --- responses


def _betas(path: Path, images: _Images, voxels: list[str], metadata: Path) -> np.ndarray:
    """Responses (images, voxels), float32: a chunk of voxels in memory beside them, not the whole file."""
    names = column_names(path, VOXEL)
    refuse_too_large(4 * len(names) * len(voxels), "the responses", path)
    stimulus = _columns(names, images, path)
    known = pd.Index(voxels)
    values = np.full((len(stimulus), len(voxels)), np.nan, np.float32)
    seen = np.zeros(len(voxels), bool)
    for ids, part in chunks(path, VOXEL, names):
        rows = known.get_indexer(pd.Index(ids))
        _refuse_odd_voxels(ids, rows, seen, path, metadata)
        seen[rows] = True
        values[stimulus[:, None], rows[None]] = part.T
    if not seen.all():
        absent = voxels[int(np.argmin(seen))]
        raise DataError(
            f"{path}: no row of voxel {absent}, which {metadata} has ({(~seen).sum()} of {len(voxels)} voxels"
            " are missing)"
        )
    return values


def _columns(names: list[str], images: _Images, path: Path) -> np.ndarray:
    """The row in the stimuli that each column of responses stands for."""
    for name in names:
        if name not in images.rows:
            raise DataError(
                f"{path}: column {name} is no image of the table of stimuli{nearest(name, images.rows)}"
                f" ({IMAGE} or {IMAGE_ID} is due)"
            )
    rows = np.array([images.rows[name] for name in names])
    counted = np.bincount(rows, minlength=len(images.stimuli))
    if (counted > 1).any():
        first, second = np.flatnonzero(rows == int(np.argmax(counted > 1)))[:2]
        raise DataError(f"{path}: columns {names[first]} and {names[second]} are of the same image")
    if (counted == 0).any():
        absent = images.stimuli.ids[int(np.argmin(counted))]
        raise DataError(
            f"{path}: no column of image {absent}, which the table of stimuli has ({(counted == 0).sum()} of"
            f" {len(counted)} images are missing)"
        )
    return rows


def _refuse_odd_voxels(
    ids: list[str], rows: np.ndarray, seen: np.ndarray, path: Path, metadata: Path
) -> None:
    if (rows < 0).any():
        raise DataError(
            f"{path}: {metadata} does not have voxel {ids[int(np.argmin(rows))]} ({(rows < 0).sum()} of a"
            f" chunk of {len(ids)} rows are such)"
        )
    again = seen[rows] | pd.Series(rows).duplicated().to_numpy()
    if again.any():
        raise DataError(f"{path}: voxel {ids[int(np.argmax(again))]} is there twice; one row for each is due")
