"""The order of the items and the plan: a model is loaded once and sees each stimulus set once."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from .items import ScoreItem
from .nodes import Named
from .run import Run


def order(items: list[pytest.Item]) -> None:
    """Sort our items by model, then stimulus set, among the places they hold; others stay where they are."""
    places = [i for i, item in enumerate(items) if isinstance(item, ScoreItem)]
    ours = [item for item in items if isinstance(item, ScoreItem)]
    rank = {key: i for i, key in reversed(list(enumerate(map(_key, ours))))}
    models = {model: i for i, model in reversed(list(enumerate(item.candidate.id for item in ours)))}
    ours.sort(key=lambda item: (models[item.candidate.id], rank[_key(item)]))
    for place, item in zip(places, ours, strict=True):
        items[place] = item


def plan(items: Iterable[pytest.Item], run: Run) -> None:
    """Note everything that each model will be asked, for the workbench once it exists."""
    ours = [item for item in items if isinstance(item, ScoreItem)]
    run.plan({item.nodeid: Named(item.case, item.candidate, item.layer) for item in ours})


def announce(run: Run, terminal: pytest.TerminalReporter | None) -> None:
    """Print the outlook on the controller of workers: it collects nothing, so pytest has no report of it."""
    if run.team.count and run.outlook and terminal and terminal.config.get_verbosity() >= 0:
        for line in run.outlook.lines():
            terminal.write_line(line)


def _key(item: ScoreItem) -> tuple[str, str]:
    return item.candidate.id, item.case.stimuli_key
