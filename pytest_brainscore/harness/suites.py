"""The suite of a run: the project's folder of benchmark files, or the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from .. import suite
from . import options
from .options import Settings

_OTHERS = ("composites", "contrasts", "baselines")
"""Folders of a suite in which other files than benchmarks lie."""


def choose(config: pytest.Config, folders: tuple[Path, ...]) -> None:
    """Without path arguments, collect the project's suite, or else the shipped one.

    A folder without a benchmark file is no suite: it may hold nothing but baselines of shipped benchmarks.
    ``--pyargs pytest_brainscore.suite`` is the shipped one, wherever its files lie.
    """
    shipped = str(suite.benchmarks())
    config.args = [shipped if options.names_shipped(word, config) else word for word in config.args]
    if config.args_source != config.ArgsSource.ARGS:
        chosen = next((folder for folder in folders if suite.files_in(folder)), folders[0])
        if chosen != folders[0]:
            _refuse_overlooked(folders[0])
        config.args = [str(chosen)]


def _refuse_overlooked(folder: Path) -> None:
    """Raise pytest.UsageError where a project has YAML in its suite, and no benchmark file."""
    found = sorted([*folder.glob("*.y*ml"), *folder.glob("*/*.y*ml")])
    overlooked = [path for path in found if path.parent.name not in _OTHERS]
    if overlooked:
        raise pytest.UsageError(
            f"{overlooked[0]}: no benchmark file: these lie in {folder} itself, and have `dataset:` and"
            " `benchmarks:` at their top level; `--pyargs pytest_brainscore.suite` scores the shipped ones"
        )


def refuse_to_write_shipped(settings: Settings) -> None:
    """Raise pytest.UsageError where baselines would be written into an installed package."""
    if settings.update is not None and suite.is_installed(settings.suite):
        raise pytest.UsageError(
            f"--brainscore-update: {settings.suite} belongs to the installed package and is never written:"
            " call pytest from your project, or name a folder of yours in the ini value brainscore_suite"
        )
