"""Sharing: two and three runs at once on one cache and one project, and one of them killed."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path

from ..children import Child, together
from ..faults import RECOVERED, Outcome, kind, require
from ..project import UPDATE, Project, check_next, check_rows, place


def _finish(project: Project, children: dict[str, Child], killed: str | None = None) -> None:
    for reports, child in children.items():
        ended = child.wait()
        check_rows(project, ended, reports)
        if reports != killed:
            require(ended.code == 0, f"run {reports} ends with {ended.code}: {ended.text[-600:]}")


@kind("together", "two or three runs at once on one cache, cold or partly warm", share=2)
def at_once(rng: random.Random, folder: Path) -> Outcome:
    project = rng.choice((Project.cold, Project.cold, Project.warm))(folder)
    if project.cache.is_dir():
        shutil.rmtree(
            project.cache / rng.choice(("activations", "unpacked", "files", "hashes")), ignore_errors=True
        )
    project.served(rng.choice(("plain", "slow")))
    names = [f"run{i}" for i in range(rng.choice((2, 2, 3)))]
    children = {}
    for name in names:
        children[name] = project.start(reports=name)
        time.sleep(rng.choice((0, rng.uniform(0, 0.3))))
    with together(list(children.values())):
        _finish(project, children)
    require(all(len(project.rows(name)) == len(place().right) for name in names), "rows are missing")
    check_next(project)
    return RECOVERED


@kind("together-killed", "two runs at once on one cache, and one is killed")
def one_killed(rng: random.Random, folder: Path) -> Outcome:
    project = Project.cold(folder).served(rng.choice(("plain", "slow")))
    children = {name: project.start(reports=name) for name in ("killed", "other")}
    with together(list(children.values())):
        time.sleep(rng.uniform(0, 1.5 * place().seconds))
        children["killed"].send(signal.SIGKILL)
        _finish(project, children, killed="killed")
    require(len(project.rows("other")) == len(place().right), "rows are missing")
    check_next(project)
    return RECOVERED


@kind("together-update", "two runs at once write lines of the same baselines")
def updates(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    shutil.rmtree(project.baselines)
    models = ["small", "wide"]
    rng.shuffle(models)
    children = {}
    for name in models:
        children[name] = project.start(UPDATE, f"--models={name}", reports=name)
        time.sleep(rng.choice((0, rng.uniform(0, 0.2))))
    with together(list(children.values())):
        _finish(project, children)
    check_next(project, UPDATE)
    return RECOVERED
