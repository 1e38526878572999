"""Dealing: which worker is to run which items, where the user left that open."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ..run import Run
from ..watching.ledger import Ledger
from .balance import ByModel, Load
from .costs import costs


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


def plan(ids: Sequence[str], run: Run) -> list[Load]:
    """The unit of each item and its estimated seconds: a model is a unit, and so is each foreign item."""
    from ...data.fetch import Fetcher

    items = [run.nodes.find(node) for node in ids]
    ledger = Ledger.read(Fetcher.from_environment().cache)
    units = [item.candidate.id if item else node for item, node in zip(items, ids, strict=True)]
    return list(zip(units, costs(items, ledger, run.settings.device), strict=True))
