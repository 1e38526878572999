"""Layout: where a folder of the Natural Scenes Dataset keeps what is read of it, and its volumes.

Source: the NSD Data Manual, 1.3 (cvnlab.slite.page), and Allen et al. 2022, Nature Neuroscience 25.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DataError, first_line
from ..sizes import refuse_too_large

VARIABLE = "BRAINSCORE_NSD"
"""The environment variable that names the folder of NSD."""
ENDINGS = (".nii.gz", ".hdf5")
"""Of betas; where a session has both, the last is read."""
BUCKET = "s3://natural-scenes-dataset"
SPACE = "func1pt8mm"
_LARGEST_NUMBER = 8
"""Bytes: what NIfTI scales comes as float64."""


@dataclass(frozen=True)
class NsdFolder:
    """A copy of NSD, or of the part that is needed, laid out as its makers have it. betas: which version."""

    root: Path
    betas: str

    def stimuli(self) -> Path:
        """All 73,000 images, (73000, 425, 425, 3) of uint8."""
        return self._found("nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5")

    def design(self) -> Path:
        """Which image each trial showed."""
        return self._found("nsddata/experiments/nsd/nsd_expdesign.mat")

    def roi(self, subject: int, name: str) -> Path:
        """A volume of labels, whole numbers."""
        return self._found(f"nsddata/ppdata/{_folder(subject)}/roi/{name}.nii.gz")

    def t_map(self, subject: int, contrast: str) -> Path:
        """The t values of a contrast of the localiser: faces, bodies, places or word."""
        return self._found(f"nsddata/ppdata/{_folder(subject)}/floc_{contrast}tval.nii.gz")

    def ncsnr(self, subject: int) -> Path:
        """The signal-to-noise ratio of each voxel's betas."""
        return self._found(f"{self._betas(subject)}/ncsnr.nii.gz")

    def sessions(self, subject: int) -> tuple[Path, ...]:
        """The betas of sessions 1, 2, ...; HDF5 where there are both. Raises DataError for a gap."""
        folder = self.root / self._betas(subject)
        found = {_number(path): path for ending in ENDINGS for path in folder.glob(f"betas_session*{ending}")}
        due = range(1, max(found, default=1) + 1)
        missing = [number for number in due if number not in found]
        if missing:
            raise DataError(self._lacking(f"{self._betas(subject)}/betas_session{missing[0]:02d}.hdf5"))
        return tuple(found[number] for number in due)

    def _betas(self, subject: int) -> str:
        return f"nsddata_betas/ppdata/{_folder(subject)}/{self.betas}"

    def _found(self, place: str) -> Path:
        path = self.root / place
        if not path.is_file():
            raise DataError(self._lacking(place))
        return path

    def _lacking(self, place: str) -> str:
        return (
            f"{self.root / place}: no such file; with NSD's terms accepted, `aws s3 cp --no-sign-request"
            f" {BUCKET}/{place}` fetches it, and docs/nsd.md lists all that is needed"
        )


def read_volume(path: Path, due: tuple[int, ...] | None = None) -> np.ndarray:
    """A NIfTI volume, (x, y, z). due: the shape that it must have.

    Raises DataError, before its values are read, where it has another shape or cannot be held in memory; and
    where it cannot be read.
    """
    image = open_nifti(path)
    shape = tuple(map(int, image.shape))
    if len(shape) != 3:
        raise DataError(f"{path}: has the shape {shape}; a volume (x, y, z) is due")
    if due is not None and shape != due:
        raise DataError(
            f"{path}: has the shape {shape}, and ncsnr.nii.gz of the same subject has {due}; fetch both again"
        )
    refuse_too_large(_LARGEST_NUMBER * math.prod(shape), "the volume", path)
    try:
        return np.asarray(image.dataobj)
    except Exception as why:  # of a damaged file libraries raise anything
        raise damaged(path, why) from why


def open_nifti(path: Path) -> Any:
    """A NIfTI image, its values not read yet. Raises DataError where it is none, or nibabel is missing."""
    try:
        import nibabel
    except ImportError as why:
        raise DataError(f"{path}: needs nibabel: pip install 'pytest-brainscore[fmri]'") from why
    try:
        return nibabel.load(path, keep_file_open=True)
    except Exception as why:  # of a damaged file libraries raise anything
        raise damaged(path, why) from why


def damaged(path: Path, why: BaseException) -> DataError:
    """The error of a file of NSD that cannot be read."""
    return DataError(f"{path}: cannot be read ({first_line(why)}); damaged or cut short: fetch it again")


def _folder(subject: int) -> str:
    return f"subj{subject:02d}/{SPACE}"


def _number(path: Path) -> int:
    digits = path.name.removeprefix("betas_session").partition(".")[0]
    return int(digits) if digits.isdigit() else 0
