"""The crash of a worker: the item that it was in is an error with a row, like all that cannot be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ..nodes import reportinfo
from ..records.record import PAYLOAD, properties
from ..records.rows import unscored
from . import team

if TYPE_CHECKING:
    from ..run import Run


_CRASHED = "brainscore_crashed"


def note(report: pytest.TestReport, run: Run) -> None:
    """Make xdist's report of a crashed item one of an item that could not be measured, with its row.

    A result that had arrived before the crash stays.
    """
    named = run.nodes.find(report.nodeid)
    if named is None:
        return
    node: Any = report.node  # set by xdist
    message = f"worker {node.gateway.id} crashed in this item{team.end_of(node)}"
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
