"""Sizes: an array is asked how much memory it takes before it is read."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DataError
from .archives import DENSEST, LARGEST


def refuse_too_large(size: int, what: str, path: Path) -> None:
    """Raise DataError for an array of more bytes than the machine has, or than a file of data unpacks to.

    A few bytes can say that an array is of any size: what was never written reads as the fill value. So the
    bound is that of archives: 1 GiB, or 200 times the file where that is more.
    """
    memory, file = _memory(), path.stat().st_size
    if size > memory:
        raise DataError(
            f"{path}: {what} would take {size / 1e9:,.1f} GB, and this machine has {memory / 1e9:,.1f} GB of"
            " memory: take a larger one, or fewer `time_bins:`"
        )
    if size > max(LARGEST, DENSEST * file):
        raise DataError(
            f"{path}: {what} would take {size / 1e9:,.1f} GB, more than {DENSEST} times its file of"
            f" {file / 1e6:,.1f} MB: hardly any of it was ever written"
        )


def _memory() -> float:
    """Bytes of memory that the machine has; boundless where the system does not say (Windows)."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return float("inf")
