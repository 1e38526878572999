"""Subject files: the voxels of one subject and their betas, as arrays in an npz file."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from .design import Showings
from .headers import Dims, refuse_other_arrays
from .masks import Voxels
from .prepared import as_prepared

_ARRAYS: Dims = {
    "subject": ("iu", ()),
    "place": ("iu", ("voxel", 3)),
    "shape": ("iu", (3,)),
    "ncsnr": ("f", ("voxel",)),
    "region": ("U", ("region",)),
    "members": ("b", ("region", "voxel")),
    "number": ("iu", ("image",)),
    "shown": ("iu", ("image",)),
    "lengths": ("iu", ("session",)),
    "betas": ("f", ("image", "repetition", "voxel")),
}
"""Their kinds and dims."""


@dataclass(frozen=True, eq=False)
class SubjectFile:
    """What is known of a subject's voxels, and where their betas lie.

    number (n,): of each image. shown (n,): how often the subject saw it. lengths: trials of each session.
    betas: (n, repetitions, voxels) of float32, which stay on disk.
    """

    path: Path
    voxels: Voxels
    number: np.ndarray
    shown: np.ndarray
    lengths: tuple[int, ...]

    @property
    def repetitions(self) -> int:
        """How often an image was shown at most."""
        return max(1, int(self.shown.max(initial=0)))

    def betas(self) -> np.ndarray:
        """(n, repetitions, voxels), z-scored; NaN where an image was not shown so often, or not measured.

        Raises DataError where they cannot be read.
        """
        with as_prepared(self.path), np.load(self.path, allow_pickle=False) as arrays:
            betas = np.asarray(arrays["betas"])
            if betas.shape[1] != self.repetitions:
                raise ValueError(f"betas of {betas.shape[1]} showings, and {self.repetitions} are due")
            return betas

    def described(self) -> str:
        """What is in it, in a line."""
        times = sorted(Counter(self.shown.tolist()).items())
        shown = [f"{often} times" + (f" ({n:,})" if len(times) > 1 else "") for often, n in times]
        absent = ", ".join(self.voxels.absent)
        return (
            f"{self.path} ({self.path.stat().st_size / 1e6:,.1f} MB): {len(self.voxels):,} voxels,"
            f" {len(self.lengths)} sessions of {sum(self.lengths):,} trials, images shown {', '.join(shown)}"
            + (f"; it has no {absent}" if absent else "")
        )


def open_subject(path: Path) -> SubjectFile:
    """A subject's file, its betas not read yet. Raises DataError where it is none."""
    with as_prepared(path):
        refuse_other_arrays(path, _ARRAYS)
        return _read(path)


def _read(path: Path) -> SubjectFile:
    with np.load(path, allow_pickle=False) as arrays:
        regions = dict(zip(arrays["region"].tolist(), arrays["members"], strict=True))
        if not regions.keys() >= {"OTC", "EVC"}:
            raise ValueError("no region OTC or EVC")
        shape = tuple(arrays["shape"].tolist())
        voxels = Voxels(int(arrays["subject"]), arrays["place"], arrays["ncsnr"], regions, shape)
        return SubjectFile(path, voxels, arrays["number"], arrays["shown"], tuple(arrays["lengths"].tolist()))


def write_subject(
    file: IO[bytes],
    voxels: Voxels,
    number: np.ndarray,
    lengths: Iterable[int],
    showings: Showings,
    betas: list[np.ndarray],
) -> None:
    """Write a subject's file. betas: of each session those of its showings, (k, voxels) of float32.

    Rows are written one by one, so that betas may lie on disk. The same input makes the same bytes.
    """
    shown = np.bincount(showings.stimulus, minlength=len(number))
    arrays = {
        "subject": np.array(voxels.subject),
        "place": voxels.place,
        "shape": np.array(voxels.shape),
        "ncsnr": voxels.ncsnr,
        "region": np.array(list(voxels.regions)),
        "members": np.stack(list(voxels.regions.values())),
        "number": number,
        "shown": shown,
        "lengths": np.array(list(lengths)),
    }
    with zipfile.ZipFile(file, "w") as archive:
        for name, values in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                np.lib.format.write_array(member, values, allow_pickle=False)
        with archive.open(zipfile.ZipInfo("betas.npy"), "w", force_zip64=True) as member:
            shape = (len(number), max(1, int(shown.max(initial=0))), len(voxels))
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(member, header)
            for row in _rows(shape, showings, betas):
                member.write(row.astype("<f4", copy=False).tobytes())


def _rows(shape: tuple[int, ...], showings: Showings, betas: list[np.ndarray]) -> Iterator[np.ndarray]:
    """The betas of each image's first, second, ... showing; NaN where there was none."""
    part = np.repeat(np.arange(len(betas)), [len(rows) for rows in betas])
    row = np.concatenate([np.arange(len(rows)) for rows in betas])
    where = np.full((*shape[:2], 2), -1)
    where[showings.stimulus, showings.repetition] = np.stack([part, row], axis=1)
    nothing = np.full(shape[2], np.nan, np.float32)
    for i, k in where.reshape(-1, 2).tolist():
        yield nothing if i < 0 else betas[i][k]
