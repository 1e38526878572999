"""Sessions: files of betas, read voxel by voxel of the masks, and z-scored."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from ...errors import BrainScoreError, DataError
from ..formats import refuse_other_files
from .layout import damaged, open_nifti
from .masks import Voxels

_AT_ONCE = 64_000_000
"""Bytes of betas that are read at once."""
_COLUMNS = 2048
"""Voxels that are z-scored at once."""


@dataclass(frozen=True)
class Session:
    """A file of betas. first: how many trials came before. trials: how many it has."""

    number: int
    path: Path
    first: int
    trials: int

    @property
    def end(self) -> int:
        """The first trial after it."""
        return self.first + self.trials


def as_sessions(paths: tuple[Path, ...], voxels: Voxels) -> tuple[Session, ...]:
    """The sessions in files of betas, in order; they may have different numbers of trials.

    Raises DataError for a file that cannot be read, and for volumes of another shape than the voxels'.
    """
    found: list[Session] = []
    for number, path in enumerate(paths, start=1):
        *shape, trials = _shape(path)
        if tuple(shape) != voxels.shape:
            raise DataError(
                f"{path}: volumes of the shape {tuple(shape)}, and those of the regions of subject"
                f" {voxels.subject} have {voxels.shape}"
            )
        found.append(Session(number, path, found[-1].end if found else 0, trials))
    return tuple(found)


def read_betas(session: Session, voxels: Voxels) -> np.ndarray:
    """The session's betas, (trials, voxels) of float32, each voxel z-scored over all its trials.

    What is not finite is NaN, and so are all trials of a voxel that has the same beta in each: NSD writes 0
    where a voxel was not measured in the whole session. The standard deviation divides by the number of
    trials. Raises DataError where the file is damaged.
    """
    read = _read_hdf5 if session.path.suffix == ".hdf5" else _read_nifti
    try:
        betas = read(session, voxels)
    except BrainScoreError:
        raise
    except Exception as why:  # of a damaged file libraries raise anything
        raise damaged(session.path, why) from why
    found = np.empty(betas.shape, np.float32)
    for start in range(0, betas.shape[1], _COLUMNS):
        found[:, start : start + _COLUMNS] = z_scored(betas[:, start : start + _COLUMNS])
    return found


def z_scored(betas: np.ndarray) -> np.ndarray:
    """Columns (trials, m) less their mean, over their standard deviation; see `read_betas`."""
    values = betas.astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns that are NaN throughout
        mean, deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        constant = np.nanmax(values, axis=0) == np.nanmin(values, axis=0)
    scores: np.ndarray = (values - mean) / np.where(constant, np.nan, deviation)
    return scores


def _shape(path: Path) -> tuple[int, ...]:
    """(x, y, z, trials), by the file's header."""
    if path.suffix != ".hdf5":
        shape = tuple(map(int, open_nifti(path).shape))
    else:
        try:
            refuse_other_files(path)
            with h5py.File(path, "r") as file:
                shape = tuple(map(int, reversed(file["betas"].shape)))
        except BrainScoreError:
            raise
        except Exception as why:  # of a damaged file h5py raises anything
            raise damaged(path, why) from why
    if len(shape) != 4:
        raise DataError(f"{path}: betas of {len(shape)} dims; x, y, z and trials are due")
    return shape


def _read_hdf5(session: Session, voxels: Voxels) -> np.ndarray:
    """Plane by plane, and of each the rectangle that holds its voxels: the file has a chunk per voxel."""
    x, y, z = voxels.place.T
    with h5py.File(session.path, "r") as file:
        betas = file["betas"]  # (trials, z, y, x)
        found = np.empty((session.trials, len(voxels)), betas.dtype)
        for plane in np.unique(z):
            columns = np.flatnonzero(z == plane)
            rows, across = y[columns], x[columns]
            top, left = rows.min(), across.min()
            block = betas[:, plane, top : rows.max() + 1, left : across.max() + 1]
            found[:, columns] = block[:, rows - top, across - left]
    return found


def _read_nifti(session: Session, voxels: Voxels) -> np.ndarray:
    """A few trials at a time, in the order of the file, which is compressed as a whole."""
    x, y, z = voxels.place.T
    betas = open_nifti(session.path).dataobj
    step = max(1, _AT_ONCE // (8 * int(np.prod(voxels.shape))))
    blocks = (betas[..., start : start + step] for start in range(0, session.trials, step))
    return np.concatenate([block[x, y, z].T for block in blocks])
