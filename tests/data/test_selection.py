"""Conditions on coords: what is above, below or without, and what the errors say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.data.selection import digest_of_selection, matches, written
from pytest_brainscore.errors import DataError
from pytest_brainscore.specs.selections import Where

NAN = float("nan")
RELIABILITY = np.array([0.1, 0.3, NAN, 0.30001, 0.9])
CONDITION = np.array(["cr", "color", "cr", None], dtype=object)


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        (Where(above=0.3), [3, 4]),
        (Where(below=0.3), [0]),
        (Where(above=0.1, below=0.9), [1, 3]),
        (Where(without=(0.9,)), [0, 1, 3]),
        (Where(above=0.1, without=(0.9, 0.3)), [3]),
    ],
)
def test_a_condition_on_numbers_holds_for_no_nan(where, kept):
    assert np.flatnonzero(matches("reliability", RELIABILITY, where, "data")).tolist() == kept


def test_all_values_but_some_and_none_that_is_missing():
    assert matches("condition", CONDITION, Where(without=("cr",)), "data").tolist() == [
        False,
        True,
        False,
        False,
    ]


def test_numbers_written_as_text_are_numbers():
    labels = np.array(["0.2", "0.4"], dtype=object)
    assert matches("reliability", labels, Where(above=0.3), "data").tolist() == [False, True]


@pytest.mark.parametrize(
    ("labels", "where", "message"),
    [
        (
            RELIABILITY,
            Where(above=2),
            r"nothing has r above 2.0 \(its values are from 0.1 to 0.9, and 1 are NaN\)",
        ),
        (
            RELIABILITY,
            Where(above=0.31, below=0.4),
            r"above 0.31 and below 0.4 \(its values are from 0.1 to 0.9",
        ),
        (
            CONDITION,
            Where(without=("cr", "color")),
            r"without cr, color \(its values are color, cr, and 1 are NaN",
        ),
        (CONDITION, Where(without=("cx",)), r"nothing has r=cx \(there are color, cr\)"),
        (CONDITION, Where(above=0), "3 of 4 values of r are none .such as cr.: name the values"),
        (np.array([NAN, NAN]), Where(above=0), "all its values are NaN"),
    ],
)
def test_what_holds_for_nothing_is_an_error_that_says_what_there_is(labels, where, message):
    with pytest.raises(DataError, match=message):
        matches("r", labels, where, "data")


def test_conditions_are_written_and_have_digests_of_their_own():
    wanted = {"region": "V4", "reliability": Where(above=0.3), "condition": Where(without=("cr", "c3"))}
    assert written(wanted) == "region=V4 and reliability above 0.3 and condition without cr, c3"
    wheres = [Where(above=0.3), Where(above=0.4), Where(below=0.3), Where(without=(0.3,)), 0.3]
    assert len({digest_of_selection("", {"reliability": where}) for where in wheres}) == len(wheres)


@given(st.lists(st.floats(-1, 1), min_size=1), st.floats(-1, 1))
def test_above_below_and_equal_share_out_all_numbers(labels, bound):
    values = np.array([*labels, bound, -2, 2])
    parts = [
        matches("r", values, w, "d")
        for w in (Where(above=bound), Where(below=bound), Where(without=(bound,)))
    ]
    assert (parts[0] | parts[1]).tolist() == parts[2].tolist()
    assert not (parts[0] & parts[1]).any()
