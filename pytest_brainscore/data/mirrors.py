"""Mirrors: read-only folders in which files are found by their hash, whatever they are called there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from .disk import remembered_hash

_LISTS = re.compile(r"^(sha256|sha1|md5)sums(\.txt)?$", re.IGNORECASE)
_LINE = re.compile(r"^\\?([0-9a-fA-F]{32,64}) [ *](.+)$")


def find_in_mirror(
    mirror: Path, algorithm: str, digits: str, name: str, size: int | None, cache: Path
) -> Path | None:
    """The file with that hash in a mirror, used in place; None where there is none.

    Likely files come first: of the same name, named by the hash, in a checksum list, then all of the same
    size (of any size, where none is known). None is taken before its hash matches; hashes are remembered in
    `cache`, so that a mirror is read once.
    """
    files = listing(mirror)
    for path in _distinct(_candidates(files, digits, name, size)):
        try:
            if remembered_hash(path, algorithm, cache) == digits:
                return path
        except OSError:
            continue
    return None


def is_likely_in(mirror: Path, digits: str, name: str, size: int | None) -> bool:
    """Whether a mirror seems to have a file, by its name, hash or size or a checksum list; reads no file."""
    files = listing(mirror)
    named = any(path.name == name and size in (None, length) for path, length in files)
    sized = any(length == size or digits in (path.name, path.stem) for path, length in files)
    lists = (path for path, _ in files if _LISTS.match(path.name))
    return named or sized or any(path.is_file() for sums in lists for path in _listed(sums, digits))


@lru_cache(maxsize=32)
def listing(mirror: Path) -> tuple[tuple[Path, int], ...]:
    """All files below a mirror with their sizes; links to folders are not followed."""
    found = []
    for folder, inner, names in os.walk(mirror):
        inner.sort()
        for path in (Path(folder) / name for name in sorted(names)):
            try:
                found.append((path, path.stat().st_size))
            except OSError:
                continue
    return tuple(found)


def _candidates(
    files: Iterable[tuple[Path, int]], digits: str, name: str, size: int | None
) -> Iterator[Path]:
    files = list(files)
    yield from (path for path, _ in files if path.name == name)
    yield from (path for path, _ in files if digits in (path.name, path.stem))
    for path, _ in files:
        if _LISTS.match(path.name):
            yield from _listed(path, digits)
    yield from (path for path, length in files if size is None or length == size)


def _listed(sums: Path, digits: str) -> Iterator[Path]:
    """The files that a checksum list says have this hash."""
    try:
        lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        match = _LINE.match(line)
        if match and match[1].lower() == digits:
            yield sums.parent / match[2]


def _distinct(paths: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        if path not in seen:
            seen.add(path)
            yield path
