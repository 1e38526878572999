"""The reader `rdms`: images, and collections of RDMs as toolboxes pass them on."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.spatial.distance import squareform

from ..errors import DataError
from ..specs.base import File
from ..specs.datasets import ArrayStimuli
from ..specs.datasets.rdms import RdmRecordings, RdmsDataset
from .formats import read_array
from .gzipped import is_json, read_json_array
from .images import read_stimuli
from .recordings import Recordings
from .sizes import refuse_too_large

_ASYMMETRY = 1e-6
"""Of the largest dissimilarity: what single precision leaves."""


def read(dataset: RdmsDataset, fetch: Callable[[File], Path], cache: Path) -> Recordings:
    """RDMs (subject, stimulus, stimulus_), float64, of all regions, subjects in the order of the files.

    RDMs over time are averaged, and a note says so. Raises DataError for what are no RDMs of these images.
    """
    images = ArrayStimuli(images=dataset.stimuli.images, visual_degrees=dataset.stimuli.visual_degrees)
    stimuli = read_stimuli(images, fetch, cache)
    notes: list[str] = []
    arrays = [
        _region(region, fetch(file), len(stimuli), dataset.recordings, notes)
        for region, file in dataset.recordings.files.items()
    ]
    return Recordings(dataset.id, stimuli, xr.concat(arrays, dim="subject"), notes=tuple(notes))


def _region(region: str, path: Path, n: int, spec: RdmRecordings, notes: list[str]) -> xr.DataArray:
    rdms = _squares(_array(path), n, path)
    if rdms.ndim == 4:
        notes.append(f"{region}: RDMs of {rdms.shape[1]} points in time, averaged")
        rdms = rdms.mean(axis=1)
    subjects = _subjects(spec, len(rdms), path)
    return xr.DataArray(
        rdms,
        dims=("subject", "stimulus", "stimulus_"),
        coords={"subject": subjects, "region": ("subject", np.full(len(subjects), region))},
    )


def _array(path: Path) -> np.ndarray:
    if is_json(path):
        return read_json_array(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            refuse_too_large(sum(info.file_size for info in archive.infolist()), "what it holds", path)
    array = read_array(path, None)
    if array is None:
        raise DataError(f"{path}: is no file of RDMs: gzipped JSON {{data, shape}}, npy or npz is due")
    return np.asarray(array)


def _squares(values: np.ndarray, n: int, path: Path) -> np.ndarray:
    """(subject, [time,] n, n), float64, whole and with zeros on the diagonal."""
    shape, pairs = values.shape, n * (n - 1) // 2
    if values.dtype.kind not in "fiu":
        raise DataError(f"{path}: holds {values.dtype}, and an RDM real numbers")
    if shape[-2:] == (n, n):
        squares = values.astype(np.float64)
    elif shape[-1:] == (pairs,):
        squares = np.stack([squareform(row) for row in values.reshape(-1, pairs).astype(np.float64)])
        squares = squares.reshape(*shape[:-1], n, n)
    else:
        raise DataError(
            f"{path}: shape {shape} is none of RDMs of {n} images: (subject, [time,] {n}, {n}), or"
            f" {pairs} values of the upper triangle in place of the last two"
        )
    if squares.ndim not in (2, 3, 4) or 0 in shape:
        raise DataError(f"{path}: shape {shape}: a dim of subjects, and one of time, are the most there are")
    return _checked(squares[None] if squares.ndim == 2 else squares, path)


def _checked(rdms: np.ndarray, path: Path) -> np.ndarray:
    """The RDMs with zeros for NaN on the diagonal, as some toolboxes write it."""
    diagonal = np.einsum("...ii->...i", rdms)
    diagonal[np.isnan(diagonal)] = 0
    if not np.isfinite(rdms).all():
        where = np.argwhere(~np.isfinite(rdms))[0]
        raise DataError(f"{path}: subject {where[0] + 1}: an RDM must be finite")
    largest = np.abs(rdms).max()
    if np.abs(rdms - rdms.swapaxes(-1, -2)).max() > _ASYMMETRY * largest:
        raise DataError(f"{path}: an RDM must be symmetric")
    if np.abs(diagonal).max() > _ASYMMETRY * largest:
        raise DataError(
            f"{path}: {np.abs(diagonal).max():g} on the diagonal; an RDM has zeros there: are these"
            " similarities? Write 1 - r"
        )
    diagonal[:] = 0
    return rdms


def _subjects(spec: RdmRecordings, n: int, path: Path) -> list[str]:
    if spec.subjects is None:
        return [str(i) for i in range(1, n + 1)]
    if len(spec.subjects) != n:
        raise DataError(f"{path}: {n} subjects, and `subjects:` names {len(spec.subjects)}")
    return list(spec.subjects)
