"""Faults: which rows fail a run, by its policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_brainscore.harness.guards.faults import counted
from pytest_brainscore.harness.options import Settings
from pytest_brainscore.specs.results import Guarded, Row

from .test_merge import failed, row


def judged(verdict: str, **told) -> Row:
    about = {"baseline": "b.json", "key": "a", "message": "", "moved": True, "updates": True}
    return row("a", verdict=verdict, guard=Guarded(**{**about, **told}))  # its raw score is 0.25


ROWS = [
    judged("same"),
    judged("drifted"),
    judged("improved"),
    judged("mismatched"),
    judged("regressed"),
    judged("regressed"),
    judged("regressed", minimum=0.26, updates=False),
    judged("regressed", known="#41", updates=False),
    judged("same", known="was poor", updates=False),
    judged("unguarded"),
    judged("unguarded", minimum=0.25),
    failed("a"),
    failed("a", status="skipped"),
]
FALLEN = ["2 regressed", "1 below minimum", "1 mismatched"]
GONE, LOST = "1 known and no longer down", "1 not measured"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"guard": "on"}, [*FALLEN, GONE, LOST]),
        ({"guard": "warn"}, [LOST]),
        ({"guard": "strict"}, [*FALLEN, "1 improved", "1 drifted", "1 unguarded", GONE, LOST, "1 skipped"]),
        (
            {"guard": "strict", "update": "new"},
            [*FALLEN, "1 improved", "1 drifted", GONE, LOST, "1 skipped"],
        ),
        ({"guard": "on", "update": "changed"}, ["1 below minimum", GONE, LOST]),
    ],
)
def test_what_fails_a_run_is_counted_the_most_urgent_first(told, said):
    settings = Settings(models="a", root=Path(), here=Path(), suite=Path(), **told)
    assert list(counted(ROWS, settings)) == said


def test_a_run_of_which_nothing_failed_has_no_fault():
    settings = Settings(models="a", root=Path(), here=Path(), suite=Path())
    assert list(counted(ROWS[:3], settings)) == []
