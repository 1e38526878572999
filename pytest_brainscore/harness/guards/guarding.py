"""Guarding: what the verdict on a score makes of its item: a pass, a warning or a failure."""

from __future__ import annotations

import pytest

from ...errors import GuardFailure, Regressed
from ...guard import FAILS, Verdict
from ...specs.results import Row
from . import failures
from .watch import Watch


class GuardWarning(pytest.PytestWarning):
    """A score moved, and its guard lets it pass."""


def enforce(item: pytest.Item, watch: Watch, row: Row, verdict: Verdict) -> None:
    """Pass, warn or fail as the level of this run says.

    Raises Regressed where the score fell, GuardFailure where the guard fails it for something else.
    """
    level, reason = watch.settings.guard, watch.known(row, verdict)
    fell = verdict.word == "regressed"
    if reason is not None:
        said = reason if fell else failures.recovered(row, verdict, watch.case, reason)
        item.add_marker(pytest.mark.xfail(reason=said, raises=Regressed, strict=level != "warn"))
    recovered = reason is not None and verdict.word not in FAILS["on"]
    if recovered or watch.accepted(row, verdict):
        return
    if verdict.fails(level) or (fell and reason is not None):
        text = failures.text(row, verdict, watch, item.config)
        raise Regressed(text) if fell else GuardFailure(text)
    if verdict.word == "drifted" or verdict.word in FAILS["on"]:
        item.warn(GuardWarning(f"{watch.key} on {row.benchmark} {verdict.message}"))
