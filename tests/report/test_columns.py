"""Columns of a table: constant and empty ones are left out, and the constant ones are told."""

from pytest_brainscore.report.figures.columns import common, telling

HEADINGS = {"benchmark": "benchmark", "set": "networks", "n": "n", "why": "no test because"}


def test_constant_and_empty_columns_are_left_out_and_told():
    rows = [{"benchmark": b, "set": "trained", "n": n, "why": None} for b, n in (("a", 8), ("b", 9))]
    assert telling(rows, HEADINGS) == {"benchmark": "benchmark", "n": "n"}
    assert common(rows, HEADINGS) == "networks trained"


def test_of_one_row_what_is_kept_stands_unless_it_is_empty():
    rows = [{"benchmark": "a", "set": "trained", "n": 8, "why": None}]
    assert telling(rows, HEADINGS, kept=("benchmark", "why")) == {"benchmark": "benchmark"}
    assert common(rows, HEADINGS, kept=("benchmark",)) == "networks trained, n 8"
