"""The crash of a worker: the item that it was in is an error with a row, like all that cannot be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ..nodes import reportinfo
from ..records.record import PAYLOAD
from ..records.rows import unscored
from . import team

if TYPE_CHECKING:
    from ..run import Run


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
    if report.nodeid not in {row.node for row in run.book.rows.values()}:
        row = unscored(named.case, named.candidate.id, report.nodeid, named.layer, "error", message)
        setattr(report, PAYLOAD, row.model_dump(mode="json"))
