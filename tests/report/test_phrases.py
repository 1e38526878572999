"""Phrases: the shortest names that stay apart, and what twins are called."""

from __future__ import annotations

from pytest_brainscore.report.figures.phrases import named, shortest


def test_benchmarks_keep_as_many_parts_as_tell_them_apart():
    names = ["A.V4-pls", "B.V4-pls", "B.human.IT-rdm", "B.monkey.IT-rdm", "C.x.IT-pls", "V1-pls", "D.V1-pls"]
    assert shortest(names) == {
        "A.V4-pls": "A.V4-pls",
        "B.V4-pls": "B.V4-pls",
        "B.human.IT-rdm": "human.IT-rdm",
        "B.monkey.IT-rdm": "monkey.IT-rdm",
        "C.x.IT-pls": "IT-pls",
        "V1-pls": "V1-pls",
        "D.V1-pls": "D.V1-pls",
    }


def test_a_name_begins_with_a_letter_not_with_a_time_bin():
    found = shortest(["A.IT-pls.70-170", "A.V4-pls.150-250", "A.V1-pls"])
    assert list(found.values()) == ["IT-pls.70-170", "V1-pls", "V4-pls.150-250"]


def test_twins_are_named_in_full():
    assert [named(id) for id in ("a_b", "a_b_untrained", "a_b_untrained2")] == [
        "a_b",
        "a_b untrained",
        "a_b untrained2",
    ]
