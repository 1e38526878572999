"""Paths as messages show them."""

from __future__ import annotations

from pathlib import Path


def below(path: Path, folder: Path) -> Path:
    """The path from `folder` on, where it lies below it; else as it is."""
    return path.relative_to(folder) if path.is_relative_to(folder) else path
