"""Markdown of a run: what its guards say and all scores, appended to a file when the run has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ...data.disk import append_whole
from ...report.changes.markdown import LIMIT, document
from ...report.changes.verdicts import Told, blocks
from ..guards import faults
from ..run import Run
from .ending import cut_short, skipped_under_strict

_LEAST = 500
"""So many characters are written in any case: the heading."""


def append(run: Run, session: pytest.Session, exitstatus: int) -> None:
    """Append to the file that was asked for; a problem of the run where that cannot be.

    What the file holds already stays: a step summary of GitHub may be written to by several runs. All of it
    together stays within what GitHub takes as a comment.
    """
    file = run.settings.markdown
    if file is None or run.is_worker or session.config.option.collectonly:
        return
    remarks = tuple(_remarks(run, session, exitstatus))
    failed = _failed(run, session, exitstatus)
    told = Told(run.id, run.book.results, run.book.composites, remarks, run.updated > 0, failed)
    try:
        append_whole(file, document(blocks(told), max(_LEAST, LIMIT - _written(file))))
    except OSError as why:
        run.book.problems.append(f"{file}: not written ({why.strerror or why})")


def _written(file: Path) -> int:
    """How many characters the file holds."""
    with suppress(FileNotFoundError):
        return len(file.read_text(encoding="utf-8", errors="replace"))
    return 0


def _failed(run: Run, session: pytest.Session, exitstatus: int) -> str:
    """What failed the run, and under which policy; empty where nothing did."""
    said = list(faults.counted(run.book.results, run.settings))
    said += ["not complete"] * bool(cut_short(run, session, exitstatus))
    problems = len(dict.fromkeys(run.book.problems))
    said += [f"{problems} {'problem' if problems == 1 else 'problems'}"] * bool(problems)
    return f"**Failed** under `{run.settings.guard}`: {', '.join(said)}." if said else ""


def _remarks(run: Run, session: pytest.Session, exitstatus: int) -> Iterator[str]:
    """What a reader should know before the numbers."""
    if run.settings.shard:
        whole = len(run.candidates) + len(run.elsewhere)
        yield f"shard {run.settings.shard}: {len(run.candidates)} of {whole} models"
    if why := cut_short(run, session, exitstatus):
        yield f"not complete: {why}"
    if skipped := skipped_under_strict(run):
        yield f"{skipped} item(s) skipped, which strict does not let pass"
    if run.settings.update is not None:
        plural = "" if run.updated == 1 else "s"
        yield f"{run.updated} baseline{plural} written by --brainscore-update {run.settings.update}"
    yield from dict.fromkeys(run.book.problems)
