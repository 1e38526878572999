"""The pace: how much time is left, by what was expected and by what items took."""

from __future__ import annotations

import pytest

from pytest_brainscore.harness.watching.outlook import Outlook
from pytest_brainscore.harness.watching.pace import TRUST_S, Pace


def pace(*seconds: float | None, workers: int = 1) -> Pace:
    nodes = tuple("abcdefgh"[: len(seconds)])
    return Pace(Outlook(nodes, nodes, seconds, 1, 1, 0, (), workers), begun=0.0)


def ends(pace: Pace, node: str, seconds: float, now: float) -> None:
    pace.note(node, seconds, ended=False, now=now)
    pace.note(node, 0.0, ended=True, now=now)


def test_at_the_start_what_was_expected_is_left():
    assert pace(10.0, 20.0, 30.0).left({"a"}, now=0.0) == pytest.approx(60)
    assert pace(10.0, 20.0, 30.0, workers=2).left({"a", "b"}, now=0.0) == pytest.approx(30)


def test_it_counts_down_but_not_below_what_waits():
    some = pace(10.0, 20.0, 30.0)
    assert some.left({"a"}, now=4.0) == pytest.approx(56)
    assert some.left({"a"}, now=400.0) == pytest.approx(50)


def test_when_only_running_items_are_left_and_overdue_nobody_knows():
    assert pace(10.0).left({"a"}, now=11.0) is None


def test_items_that_take_twice_as_long_say_so_of_the_others():
    some = pace(10.0, 20.0, 30.0)
    ends(some, "a", 20.0, now=20.0)
    factor = (20 + TRUST_S) / (10 + TRUST_S)
    assert some.left({"b"}, now=20.0) == pytest.approx(50 * factor)
    assert (some.done, some.total) == (1, 3)


def test_what_never_ran_counts_as_the_mean_of_the_others():
    assert pace(10.0, None, 30.0).left({"a"}, now=0.0) == pytest.approx(60)


def test_where_nothing_ever_ran_the_items_so_far_say_it():
    some = pace(None, None, None)
    assert some.left({"a"}, now=0.0) is None
    ends(some, "a", 7.0, now=7.0)
    assert some.left({"b"}, now=7.0) == pytest.approx(14)
    ends(some, "b", 9.0, now=16.0)
    assert some.left({"c"}, now=16.0) == pytest.approx(8)


def test_where_nothing_ever_ran_the_first_items_of_models_count_apart():
    models, nodes = ("m", "m", "m", "n", "n", "n"), tuple("abcdef")
    some = Pace(Outlook(nodes, models, (None,) * 6, 1, 1, 0, ()), begun=0.0)
    ends(some, "a", 10.0, now=10.0)
    assert some.left({"b"}, now=10.0) is None
    ends(some, "b", 1.0, now=11.0)
    assert some.left({"c"}, now=11.0) == pytest.approx(1 + 10 + 2)


def test_a_part_of_an_item_ends_no_item_and_others_do_not_count():
    some = pace(10.0, 20.0)
    some.note("a", 5.0, ended=False, now=5.0)
    some.note("of another plugin", 50.0, ended=True, now=5.0)
    assert (some.done, some.counts("a"), some.counts("of another plugin")) == (0, True, False)
    assert some.left({"a"}, now=5.0) == pytest.approx(25)
