"""Outputs: the files that a run is asked to write to, refused before it begins where that cannot be."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest

FILES = ("--brainscore-json", "--brainscore-markdown")
"""Options that name a file to write."""


def refuse_as_root(config: pytest.Config) -> None:
    """Raise pytest.UsageError where pytest looked for its root and ini file from a place to write to.

    It does where that is a word of its own, since it reads these before it knows the options of plugins.
    """
    here = config.invocation_params.dir
    for option in ("--brainscore-reports", *FILES):
        given = here / (config.getoption(option) or "")
        lost = given.exists() and config.inipath is None and not given.is_relative_to(here)
        if lost and option in config.invocation_params.args:
            raise pytest.UsageError(
                f"pytest takes {given} for a folder of tests, and its root is now {config.rootpath}:"
                f" write {option}={given}, with the equals sign"
            )


def file(config: pytest.Config, option: str) -> Path | None:
    """The file that an option names, from where pytest was called; None where it is not given.

    Raises pytest.UsageError where it cannot be written: better now than after hours of scoring.
    """
    given = config.getoption(option)
    if not given:
        return None
    path: Path = config.invocation_params.dir / given
    if why := _fault(path):
        raise pytest.UsageError(f"{option} {given}: cannot be written ({why}); name another file")
    return path


def folder(config: pytest.Config, path: Path) -> Path:
    """The folder that runs write to. Raises pytest.UsageError where a run could write nothing into it."""
    there = next(place for place in (path, *path.parents) if place.exists())
    if not config.option.collectonly and (why := _refusal(there)):
        said = f"--brainscore-reports {path}: cannot be written ({there}: {why}); name another folder"
        raise pytest.UsageError(said)
    return path


def _refusal(folder: Path) -> str | None:
    """Why no file can be made in a folder; not a full disk, where room may be made until there is a row."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as why:
        return None if why.errno == errno.ENOSPC else why.strerror


def _fault(path: Path) -> str | None:
    """Why the file cannot be written; folders that there are not yet are made when it is."""
    if path.is_dir():
        return "it is a folder"
    there = next(place for place in (path, *path.parents) if place.exists())
    if there != path and not there.is_dir():
        return f"{there} is no folder"
    return None if os.access(there, os.W_OK) else f"no permission to write {there}"
