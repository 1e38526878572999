"""Kill -9: at a random time of a stage, before one of its file operations, or in the middle of a write."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path

from ..children import Ended
from ..faults import KEPT, RECOVERED, Outcome, Violation, kind, require
from ..project import UPDATE, Project, check_baselines, check_next, check_rows, place
from ..stages import Moment

_ONCE = ("fetch", "extract", "forward", "store")
KILLED = (-signal.SIGKILL, -signal.SIGXFSZ)


def killed(rng: random.Random, project: Project, stage: str, *arguments: str) -> Ended:
    """Kill a run within the stage; where it had left that before, once more, at another moment."""
    for last in (False, False, False, True):
        if stage in _ONCE:  # a run that had left it has stored what it would do again
            shutil.rmtree(project.root / "cache", ignore_errors=True)
        moment = Moment(stage, 1, operation=1) if last else Moment.drawn(rng, stage, place().stages[stage])
        child = project.start(*arguments, before=moment.arm)
        if moment.delay is not None:
            require(child.reached(), f"the stage {stage} is not entered {moment.nth} time(s)")
            time.sleep(moment.delay)
            child.send(signal.SIGKILL)
        ended = child.wait()
        if ended.code in KILLED:
            return ended
    raise Violation(f"{stage}: no run could be killed in it")


def _kill(rng: random.Random, project: Project, stage: str) -> Outcome:
    reported = check_rows(project, killed(rng, project, stage))
    check_next(project)
    return KEPT if reported else RECOVERED


@kind("kill-fetch", "kill -9 while a file is fetched from a slow server")
def fetch(rng: random.Random, folder: Path) -> Outcome:
    return _kill(rng, Project.cold(folder).served("slow"), "fetch")


@kind("kill-extract", "kill -9 while an archive is unpacked")
def extract(rng: random.Random, folder: Path) -> Outcome:
    return _kill(rng, Project.cold(folder), "extract")


@kind("kill-store", "kill -9 while activations are stored")
def store(rng: random.Random, folder: Path) -> Outcome:
    return _kill(rng, Project.cold(folder), "store")


@kind("kill-score", "kill -9 while a model is scored: forward pass, coordinates, metric")
def score(rng: random.Random, folder: Path) -> Outcome:
    return _kill(rng, Project.cold(folder), rng.choice(("score", "forward")))


@kind("kill-record", "kill -9 while a row, its values or results.json are written")
def record(rng: random.Random, folder: Path) -> Outcome:
    return _kill(rng, Project.cold(folder), rng.choice(("values", "row", "finish")))


@kind("kill-anywhere", "kill -9 at any time of a run")
def anywhere(rng: random.Random, folder: Path) -> Outcome:
    project = rng.choice((Project.cold, Project.warm))(folder)
    child = project.start()
    time.sleep(rng.uniform(0, 1.2 * place().seconds))
    child.send(signal.SIGKILL)
    reported = check_rows(project, child.wait())
    check_next(project)
    return KEPT if reported else RECOVERED


@kind("kill-update", "kill -9 while baselines are updated")
def update(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    ended = killed(rng, project, "update", UPDATE)
    require(check_rows(project, ended) == len(place().right), "a finished row was not reported")
    check_baselines(project)
    check_next(project, UPDATE)
    return KEPT
