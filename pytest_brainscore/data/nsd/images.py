"""Images: the shared ones, copied out of NSD's file of 73,000 into a small one that is read in place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import h5py
import numpy as np

from ...errors import BrainScoreError, DataError
from ...progress import Tell, untold
from ..formats import refuse_other_files
from ..sizes import refuse_too_large
from .layout import damaged
from .prepared import as_prepared


def write_images(file: IO[bytes], source: Path, numbers: np.ndarray, tell: Tell = untold) -> None:
    """Write images of NSD's numbers, which begin at 1, one by one: a structured array in an npy file.

    Its fields are `number`, and `image`, (height, width, 3) of uint8.
    Raises DataError where NSD's file is damaged, or lacks one of them.
    """
    for row, image in enumerate(_images(source, numbers)):
        kind = np.dtype([("number", "<i4"), ("image", "u1", image.shape)])
        if row == 0:
            header = {"descr": kind.descr, "fortran_order": False, "shape": (len(numbers),)}
            np.lib.format.write_array_header_1_0(file, header)
        file.write(np.array((numbers[row], image), kind).tobytes())
        tell("image", row + 1, len(numbers))


def read_images(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The numbers (n,), and the images (n, height, width, 3), which stay on disk until they are looked at.

    Raises DataError where the file is not as `write_images` writes it.
    """
    with as_prepared(path):
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
        if rows.ndim != 1 or rows.dtype.names != ("number", "image"):
            raise ValueError(f"an array {rows.shape} of {rows.dtype}, and no list of numbers and images")
        _refuse_no_images(rows["image"])
        return np.array(rows["number"].astype(np.int64)), rows["image"]


def size_of(source: Path, n: int) -> int:
    """How many bytes `n` images take. Raises DataError where NSD's file is damaged."""
    with _bricks(source) as images:
        return n * int(math.prod(images.shape[1:]))


def _images(source: Path, numbers: np.ndarray) -> Iterator[np.ndarray]:
    with _bricks(source) as images:
        missing = numbers[(numbers < 1) | (numbers > len(images))]
        if len(missing):
            raise DataError(
                f"{source}: has images 1 to {len(images):,}, and {missing[0]:,} is missing, which all"
                " subjects saw; fetch it again"
            )
        for number in numbers:
            yield images[number - 1]


@contextmanager
def _bricks(source: Path) -> Iterator[h5py.Dataset]:
    """NSD's images, (n, height, width, 3) of uint8, which stay on disk."""
    try:
        refuse_other_files(source)
        with h5py.File(source, "r") as file:
            images = file["imgBrick"]
            _refuse_no_images(images)
            refuse_too_large(math.prod(images.shape[1:]), "an image", source)
            yield images
    except BrainScoreError:
        raise
    except Exception as why:  # of a damaged file h5py raises anything
        raise damaged(source, why) from why


def _refuse_no_images(images: h5py.Dataset | np.ndarray) -> None:
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise ValueError(f"{images.dtype} of {images.shape}, and no uint8 of (n, height, width, 3)")
