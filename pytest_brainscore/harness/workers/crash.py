"""The crash of a worker: the item that it was in is an error with a row, like all that cannot be measured."""

from __future__ import annotations

import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from ..nodes import reportinfo
from ..records.record import PAYLOAD, properties
from ..records.rows import unscored

if TYPE_CHECKING:
    from ..run import Run

_CRASHED = "brainscore_crashed"
_SECONDS_TO_END = 5.0
_OUT_OF_MEMORY = ", as where memory runs out: fewer workers or a smaller batch_size may help"


def note(report: pytest.TestReport, run: Run) -> None:
    """Make xdist's report of a crashed item one of an item that could not be measured, with its row.

    A result that had arrived before the crash stays.
    """
    named = run.nodes.find(report.nodeid)
    if named is None:
        return
    node: Any = report.node  # set by xdist
    message = f"worker {node.gateway.id} crashed in this item{_end_of(node)}"
    where = reportinfo(named.case, report.nodeid.rpartition("::")[2])
    report.when, report.location = "setup", (str(where[0]), where[1], where[2])
    report.longrepr = f"{message} ({named.case.path.name}:{named.case.line})"
    row = next((row for row in run.book.rows.values() if row.node == report.nodeid), None)
    if row is None:
        row = unscored(named.case, named.candidate.id, report.nodeid, named.layer, "error", message)
        setattr(report, PAYLOAD, row.model_dump(mode="json"))
    setattr(report, _CRASHED, properties(row))


def end(report: pytest.TestReport) -> None:
    """Tell of the teardown that a crashed item never had: JUnit takes the properties of items from there."""
    found = getattr(report, _CRASHED, None)
    if found is not None:
        told: Any = pytest.TestReport(
            report.nodeid, report.location, {}, "passed", None, "teardown", user_properties=found
        )
        told.node = report.node
        told.node.config.hook.pytest_runtest_logreport(report=told)


def _end_of(node: Any) -> str:
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
