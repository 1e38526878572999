"""Paths as messages show them, and files written whole."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ..data.disk import replace


def below(path: Path, folder: Path) -> Path:
    """The path from `folder` on, where it lies below it; else as it is."""
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def write_whole(path: Path, text: str) -> None:
    """Write a file in one step: who reads it meanwhile sees the old text or the new. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        replace(draft, path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
