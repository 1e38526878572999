"""Images: the shared ones, copied out of NSD's file of 73,000 into a small one that is read in place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import h5py
import numpy as np

from ...progress import Tell, untold
from .layout import damaged


def write_images(file: IO[bytes], source: Path, numbers: np.ndarray, tell: Tell = untold) -> None:
    """Write images of NSD's numbers, which begin at 1, one by one: a structured array in an npy file.

    Its fields are `number`, and `image`, (height, width, 3) of uint8.
    Raises DataError where NSD's file is damaged.
    """
    for row, image in enumerate(_images(source, numbers)):
        kind = np.dtype([("number", "<i4"), ("image", "u1", image.shape)])
        if row == 0:
            header = {"descr": kind.descr, "fortran_order": False, "shape": (len(numbers),)}
            np.lib.format.write_array_header_1_0(file, header)
        file.write(np.array((numbers[row], image), kind).tobytes())
        tell("image", row + 1, len(numbers))


def read_images(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The numbers (n,), and the images (n, height, width, 3), which stay on disk until they are looked at."""
    rows = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.array(rows["number"]), rows["image"]


def size_of(source: Path, n: int) -> int:
    """How many bytes `n` images take. Raises DataError where NSD's file is damaged."""
    try:
        with h5py.File(source, "r") as file:
            return n * int(np.prod(file["imgBrick"].shape[1:]))
    except (OSError, KeyError) as why:
        raise damaged(source, why) from why


def _images(source: Path, numbers: np.ndarray) -> Iterator[np.ndarray]:
    try:
        with h5py.File(source, "r") as file:
            for number in numbers:
                yield file["imgBrick"][number - 1]
    except Exception as why:  # of a damaged file h5py raises anything
        raise damaged(source, why) from why
