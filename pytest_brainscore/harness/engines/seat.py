"""What runs on a Dask worker: its one seat for a model, and the unit of work that takes it."""

from __future__ import annotations

import importlib
import linecache
import os
import platform
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from distributed import Worker, WorkerPlugin, get_worker

from ...errors import BrainScoreError
from ...scores import Score
from ...specs.registry import lies_under
from ...work import Outcomes, Terms, Work, do

if TYPE_CHECKING:
    from ...workbench import Workbench

SEAT = "brainscore-model"
_NUMBER = re.compile(r"(?:^|-)(\d+)$")
_PACKAGE = __package__.split(".")[0]

_benches: dict[tuple[str, Terms], Workbench] = {}


class Seat(WorkerPlugin):
    """Gives each worker that does not declare the resource `brainscore-model` one of it.

    A unit of work takes one, so that a worker process holds one model at a time, whatever its threads.
    run: its id. own: the worker is a child of the run, which ends it: a Ctrl-C in the terminal is not for it.
    """

    def __init__(self, run: str, own: bool) -> None:
        self.run, self.own = run, own

    async def setup(self, worker: Worker) -> None:
        """Give the seat, also to a worker that joins later or is started again."""
        if self.own:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if SEAT not in worker.state.total_resources:
            await worker.set_resources(**{SEAT: 1})

    def teardown(self, worker: Worker) -> None:
        """Let go of what the run had open; the seat stays, for other runs."""
        for opened in [opened for opened in list(_benches) if opened[0] == self.run]:
            _benches.pop(opened, None)


def measure(work: Work, terms: Terms, run: str) -> Outcomes:
    """Do a unit of work here; each outcome says on which machine.

    run: its id; recordings stay open as long as it is the same.
    """
    host = platform.node()
    try:
        outcomes = do(work, _bench(run, _at_home(terms)))
    except BrainScoreError as why:
        outcomes = tuple(why for _ in work.tasks)
    folders = [[case.path.parent, work.folder, terms.root] for case, _ in work.tasks]
    return tuple(told(outcome, host, needed) for outcome, needed in zip(outcomes, folders, strict=True))


def told(outcome: Score | BrainScoreError, host: str, needed: list[Path | None]) -> Score | BrainScoreError:
    """The outcome with its host; an error names the folder that the host does not have, if that is so."""
    if isinstance(outcome, Score):
        return replace(outcome, about={**outcome.about, "host": host})
    lacking = next((folder for folder in needed if folder and not folder.is_dir()), None)
    hint = (
        f"; {host} has no folder {lacking}: files that a YAML file names relative to itself, and the"
        " project's code, must lie on a file system that all workers share"
    )
    return type(outcome)(f"{outcome} (on {host}{hint if lacking else ''})")


def _bench(run: str, terms: Terms) -> Workbench:
    """The workbench of a run, the only one that is kept.

    The project's code is read anew for it: a worker may outlive many runs.
    """
    if (run, terms) not in _benches:
        _benches.clear()
        if terms.root is not None:
            forget_code_below(terms.root.resolve())
        _benches[run, terms] = terms.open()
    return _benches[run, terms]


def forget_code_below(root: Path) -> None:
    """Let the next import of the project's own modules read their files again."""
    packages = {name.split(".")[0] for name in sys.modules} - {_PACKAGE, "__main__", "__mp_main__"}
    own = {package for package in packages if lies_under(package, root)}
    for name in [name for name in sys.modules if name.split(".")[0] in own]:
        del sys.modules[name]
    importlib.invalidate_caches()
    linecache.clearcache()  # digests are made of the code as inspect finds it


def _at_home(terms: Terms) -> Terms:
    """The terms of this worker, which by its number takes its share of the machine.

    Where CUDA_VISIBLE_DEVICES is set on a worker that this run did not start, the first of these is its own.
    """
    from ...machine import cuda_devices

    workers = terms.workers
    if workers == 1 and "CUDA_VISIBLE_DEVICES" not in os.environ:
        workers = max(1, cuda_devices())
    return replace(terms, worker=number_of(get_worker().name), workers=workers)


def number_of(name: object) -> int:
    """The number at the end of a worker's name, 3 of `3` and of `gpu-3`; 0 where it has none."""
    found = _NUMBER.search(str(name))
    return int(found[1]) if found else 0
