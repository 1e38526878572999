"""Frames: the line of the user's own code at which something was raised."""

from __future__ import annotations

import sysconfig
import traceback
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_INSTALLED = {
    Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")
}
_FOLDERS = {"site-packages", "dist-packages"}


def own_line(why: BaseException) -> str:
    """``, at FILE:LINE`` of the last frame in a file of the user's own; an empty string where there is none.

    FILE is relative to the working directory, where it lies under it.
    """
    lines = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(why.__traceback__)]
    own = [(path, line) for path, line in lines if path.is_file() and not is_installed_file(path)]
    return f", at {_shown(own[-1][0])}:{own[-1][1]}" if own else ""


@cache
def is_installed_file(path: Path) -> bool:
    """Whether a file is Python's, a package's, or this plugin's."""
    real = path.resolve()
    return not _FOLDERS.isdisjoint(real.parts) or any(
        folder in real.parents for folder in (*_INSTALLED, _HERE)
    )


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
