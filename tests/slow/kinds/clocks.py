"""Clocks: files of the past and the future, a clock that goes back, runs of one second and process id."""

from __future__ import annotations

import datetime
import os
import random
import time
from pathlib import Path

from pytest_brainscore.harness import run
from pytest_brainscore.harness.guards import update
from pytest_brainscore.harness.records import book

from ..faults import RECOVERED, Outcome, kind, require
from ..project import UPDATE, Project, check_next, check_rows, place
from .damage import files_below

_DAY = 86_400


@kind("clock-files", "files of the cache have times of long ago and of the future")
def files(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    part = project.cache / "activations" / "ab" / "left.safetensors-part"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"left by a run that was killed")
    for path in files_below(project.cache):
        moment = time.time() + rng.choice((0, -1, 1, -400 * _DAY, 400 * _DAY, 30_000 * _DAY)) * rng.random()
        os.utime(path, (moment, moment) if rng.random() < 0.9 else (0, 0))
    ended = project.score()
    require(ended.code == 0, f"it ends with {ended.code}: {ended.text[-600:]}")
    check_rows(project, ended)
    check_next(project)
    return RECOVERED


@kind("clock-back", "the clock goes back while runs go on, and two have the same second and process id")
def back(rng: random.Random, folder: Path) -> Outcome:
    project, steps = rng.choice((Project.cold, Project.warm))(folder), rng.choice((0.0, 1.0, 3600.0))

    def before() -> None:
        _set_clock(rng, steps)

    for arguments in ((), (UPDATE,)):
        ended = project.score(*arguments, before=before)
        require(ended.code == 0, f"it ends with {ended.code}: {ended.text[-600:]}")
        check_rows(project, ended)
    folders = sorted((project.root / "reports").iterdir())
    require(len(folders) == 2, f"two runs write into {len(folders)} folder(s)")
    for one in folders:
        lines = (one / "results.jsonl").read_text().count("\n")
        require(lines == len(place().right), f"{lines} rows in one run")
    check_next(project)
    return RECOVERED


def _set_clock(rng: random.Random, step: float) -> None:
    """In a child: time stands, or goes back by up to `step` seconds with each look; one process id."""
    now = [1.7e9]

    def look() -> float:
        now[0] -= step * rng.random()
        return now[0]

    class Backwards(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return datetime.datetime.fromtimestamp(1.7e9, tz)

    class Module:
        datetime, UTC, timedelta, date = Backwards, datetime.UTC, datetime.timedelta, datetime.date

    time.time = look
    os.getpid = lambda: 7
    for module in (run, book, update):
        if hasattr(module, "datetime"):
            module.datetime = Module
