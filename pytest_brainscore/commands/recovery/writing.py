"""Writing: the file of ``--json`` that scores go to."""

from __future__ import annotations

import os
from pathlib import Path

from ...errors import SelectionError


def make_room(file: Path | None) -> None:
    """Make the folder that the scores are written to: an hour of scoring is not to end without one.

    Raises SelectionError where it cannot be made, or the file cannot be written there.
    """
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise SelectionError(f"--json {file}: its folder cannot be made ({why.strerror})") from None
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise SelectionError(f"--json {file}: cannot be written there")


def write(text: str, file: Path) -> None:
    """Write the scores. Raises SelectionError where that cannot be."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as why:
        raise SelectionError(f"--json {file}: cannot be written ({why.strerror})") from None
