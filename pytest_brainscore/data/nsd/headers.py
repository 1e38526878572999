"""Headers: the arrays of a subject's file, whose kinds and shapes are compared before any is read."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

Dims = Mapping[str, tuple[str, tuple[str | int, ...]]]


@dataclass(frozen=True)
class Header:
    """What an array's header says of it."""

    shape: tuple[int, ...]
    dtype: np.dtype


def refuse_other_arrays(path: Path, due: Dims) -> None:
    """Raise ValueError where an npz file lacks an array, or one is of another kind or shape.

    due: of each array the kinds of numpy that it may have, and its dims: a number, or a name that stands for
    the same number in all.
    """
    found, lengths = dict(_headers(path)), dict[str, int]()
    for name, (kinds, dims) in due.items():
        if name not in found:
            raise ValueError(f"it has no {name}")
        one = found[name]
        sizes = one.shape if len(one.shape) == len(dims) else (-1,) * len(dims)
        as_due = [
            size == (dim if isinstance(dim, int) else lengths.setdefault(dim, size))
            for dim, size in zip(dims, sizes, strict=True)
        ]
        if one.dtype.kind not in kinds or len(one.shape) != len(dims) or not all(as_due):
            raise ValueError(f"{name} is {one.dtype} of {one.shape}")


def _headers(path: Path) -> Iterator[tuple[str, Header]]:
    """By the names of arrays. Raises ValueError where one is packed, or of another size than it says."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                one = _header(member)
                size = member.tell() + math.prod(one.shape) * one.dtype.itemsize
            whole = info.compress_type == zipfile.ZIP_STORED and size == info.file_size == info.compress_size
            if not whole or size > path.stat().st_size:
                raise ValueError(f"{info.filename} is not of the size that its header says")
            yield info.filename.removesuffix(".npy"), one


def _header(member: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(member)
    if version != (1, 0):
        raise ValueError(f"an array of npy version {version}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    return Header(shape, dtype)
