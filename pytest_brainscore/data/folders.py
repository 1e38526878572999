"""Folders: the files below them, each once, whichever links lead there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def files_below(folder: Path) -> list[str]:
    """The path of each file below the folder, relative to it, with slashes; what is hidden is left out.

    Links to folders are followed. A folder that several links lead to, or one to itself, counts once: where
    it lies, or by the first of the links if that is outside.
    """
    found: list[str] = []
    walked: set[tuple[int, int]] = set()
    due = [folder]
    while due:  # links come last, so that what lies below keeps its own path
        for place, folders, files in os.walk(due.pop(0), followlinks=True):
            here = Path(place)
            if _identity(here) in walked:
                folders.clear()
                continue
            walked.add(_identity(here))
            links = [name for name in _shown(folders) if (here / name).is_symlink()]
            due += [here / name for name in links]
            folders[:] = [name for name in _shown(folders) if name not in links]
            prefix = "".join(f"{part}/" for part in here.relative_to(folder).parts)
            found += [prefix + name for name in _shown(files)]
    return found


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _shown(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("."))
