"""Numbers in sentences: signs, intervals, p values, nouns."""

import pytest

from pytest_brainscore.analysis.statistics import numbers


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.1234, "0.123"),
        (-0.1236, "\u22120.124"),
        (-0.0004, "0.000"),
        (0.0, "0.000"),
        (-12.0, "\u221212.000"),
    ],
)
def test_signs_are_real_and_zero_has_none(value, written):
    assert numbers.signed(value) == written


def test_an_estimate_names_its_interval_in_brackets():
    assert numbers.estimate(-0.176, -0.372, 0.035) == "\u22120.176 [\u22120.372, 0.035]"
    assert numbers.estimate(0.5, 0.25, 0.75, digits=1) == "0.5 [0.2, 0.8]"


def test_what_is_unknown_is_left_out():
    assert numbers.estimate(0.2, None, 0.3) == "0.200"
    assert numbers.estimate(None, 0.1, 0.3) == ""


@pytest.mark.parametrize(
    ("p", "written"),
    [(None, "p unknown"), (0.000999, "p < 0.001"), (0.001, "p = 0.001"), (0.0696, "p = 0.070")],
)
def test_p_has_three_digits(p, written):
    assert numbers.p_value(p) == written


def test_in_a_column_p_stands_without_its_name():
    assert [numbers.p_value(p, name="") for p in (None, 0.0002, 0.07)] == ["", "< 0.001", "0.070"]


def test_shares_are_whole_percents():
    assert numbers.percent(0.354, 0.301, 0.407) == "35 % [30, 41]"
    assert numbers.percent(0.354) == "35 %"


def test_nouns_follow_their_number():
    assert [numbers.counted(n, "network") for n in (0, 1, 2)] == ["0 networks", "1 network", "2 networks"]
    assert numbers.counted(2, "family", "families") == "2 families"
