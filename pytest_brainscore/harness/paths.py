"""Paths as messages show them, and files written whole."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ..data.disk import replace


def below(path: Path, folder: Path) -> Path:
    """The path from `folder` on, where it lies below it; else as it is."""
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file in one step: who reads it meanwhile sees the old content or the new. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        replace(draft, path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def append_whole(path: Path, text: str) -> None:
    """Append all of the text, or nothing where a disk is full or Ctrl-C comes between. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        end, rest = file.seek(0, os.SEEK_END), memoryview(text.encode())
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except BaseException:
            with suppress(OSError):
                file.truncate(end)
            raise
