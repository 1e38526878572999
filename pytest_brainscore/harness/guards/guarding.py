"""Guarding: what the verdict on a score makes of its item: a pass, a warning or a failure."""

from __future__ import annotations

import pytest

from ...errors import GuardFailure, Regressed
from ...guard import Verdict
from ...specs.results import Row
from . import failures, faults
from .watch import Watch


class GuardWarning(pytest.PytestWarning):
    """A score moved, and its guard lets it pass."""


def enforce(item: pytest.Item, watch: Watch, row: Row, verdict: Verdict) -> None:
    """Pass, warn or fail as the level of this run says.

    Raises Regressed where the score fell, GuardFailure where the guard fails it for something else.
    """
    reason, fell = watch.known(row, verdict), verdict.word == "regressed"
    why = faults.fault(row, watch.settings)
    if reason is not None:
        said = reason if fell else failures.recovered(row, verdict, watch.case, reason)
        strict = watch.settings.guard != "warn"
        item.add_marker(pytest.mark.xfail(reason=said, raises=Regressed, strict=strict))
        if verdict.word not in faults.FAILS["on"]:
            return  # what passes against the marker is pytest's to fail
    if why is not None or (fell and reason is not None):
        text = failures.text(row, verdict, watch, item.config)
        raise Regressed(text) if fell else GuardFailure(text)
    moved = verdict.word == "drifted" or verdict.word in faults.FAILS["on"]
    if moved and not faults.accepted(row, watch.settings):
        item.warn(GuardWarning(f"{watch.key} on {row.benchmark} {verdict.message}"))
