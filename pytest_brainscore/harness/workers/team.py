"""Workers: the number that each has, what of the machine is its share, and how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from .. import options
from ..watching.ledger import Ledger
from .balance import ByModel, Work
from .costs import costs

if TYPE_CHECKING:
    from ..run import Run

NUMBER = "brainscore_worker"
_SECONDS_TO_END = 5.0
_OUT_OF_MEMORY = ", as where memory runs out: fewer workers or a smaller batch_size may help"


class Team:
    """The workers of a run as its controller knows them: each has the lowest number that is free.

    One that replaces another takes over its number, and with it its device.
    """

    def __init__(self) -> None:
        self.count = 0
        self._numbers: dict[str, int] = {}

    def join(self, node: Any) -> None:
        """Tell a new worker its number."""
        self.count = node.workerinput["workercount"]
        taken = set(self._numbers.values())
        number = next(i for i in range(len(taken) + 1) if i not in taken)
        self._numbers[node.gateway.id] = node.workerinput[NUMBER] = number

    def leave(self, node: Any) -> None:
        """Free the number of a worker that ended."""
        self._numbers.pop(node.gateway.id, None)


def place(config: pytest.Config) -> tuple[int, int]:
    """This process's number and how many there are; (0, 1) where there are no workers."""
    given: dict[str, Any] = getattr(config, "workerinput", {})
    return given.get(NUMBER, 0), given.get("workercount", 1)


def automatic(config: pytest.Config) -> int | None:
    """How many workers ``-n auto`` starts: one per GPU; None, for xdist's own answer, where there are none.

    Makes no CUDA context.
    """
    if config.getoption("numprocesses", None) != "auto" or os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    device = options.device(config)
    if device not in ("auto", "cuda"):
        return 1 if device.startswith("cuda") else None
    from ...machine import cuda_devices

    return cuda_devices() or None


def scheduler(config: pytest.Config, run: Run) -> ByModel | None:
    """Ours, where the user left it open how items are dealt out: ``-n`` alone, without ``--dist``."""
    given = getattr(config.known_args_namespace, "dist", "no")  # option.dist is `load` after -n, too
    if config.getoption("dist") != "load" or given != "no":
        return None
    session = config.pluginmanager.get_plugin("session")

    def refuse(why: str) -> None:
        config.hook.pytest_collectreport(report=pytest.CollectReport("workers", "failed", why, []))

    return ByModel(
        run.team.count,
        plan=lambda ids: plan(ids, run),
        begun=run.begun,
        stopped=lambda: bool(getattr(session, "shouldfail", False)),
        refuse=refuse,
    )


def plan(ids: Sequence[str], run: Run) -> list[Work]:
    """The unit of each item and its estimated seconds: a model is a unit, and so is each foreign item."""
    from ...data.fetch import Fetcher

    items = [run.nodes.find(node) for node in ids]
    ledger = Ledger.read(Fetcher.from_environment().cache)
    units = [item.candidate.id if item else node for item, node in zip(items, ids, strict=True)]
    return list(zip(units, costs(items, ledger, run.settings.device), strict=True))


def end_of(node: Any) -> str:
    """How the process of a worker ended, where that is known: ``: SIGSEGV``."""
    process = getattr(getattr(node.gateway, "_io", None), "popen", None)
    if not isinstance(process, subprocess.Popen):
        return ""
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(_SECONDS_TO_END)
        return f": {_signal(-code)}" if code < 0 else f": exit status {code}"
    return ""


def _signal(number: int) -> str:
    with suppress(ValueError):
        name = signal.Signals(number).name
        return name + (_OUT_OF_MEMORY if name == "SIGKILL" else "")
    return f"signal {number}"
