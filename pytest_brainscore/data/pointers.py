"""Pointers of git-lfs: what lies in a checkout where a file itself was not pulled."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError

POINTER = "a pointer of git-lfs: run `git lfs pull`"
_BEGINNING = b"version https://git-lfs"


def refuse_pointer(path: Path) -> None:
    """Raise DataError where the file is a pointer of git-lfs, and OSError where it cannot be read."""
    with path.open("rb") as file:
        head = file.read(len(_BEGINNING))
    if head == _BEGINNING:
        raise DataError(f"{path}: is {POINTER}")
