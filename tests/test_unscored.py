"""What has no score, below the table: counted, with one reason for a model; and figures in the table."""

from __future__ import annotations

import pytest

from pytest_brainscore.harness.records import unscored
from pytest_brainscore.report.composites import figure
from pytest_brainscore.report.table import table
from pytest_brainscore.specs.results import Row


def row(benchmark: str, model: str, status: str = "scored", message: str | None = None, **numbers) -> Row:
    raw = {"raw": 0.5} if status == "scored" else {}
    return Row(
        benchmark=benchmark, model=model, dataset="D", region="IT", metric="pls", status=status,
        message=message, **{**raw, **numbers},
    )  # fmt: skip


def of_both(benchmarks: int, *statuses: str, name: str = "D") -> list[Row]:
    models = zip("ab", statuses, strict=True)
    return [row(f"{name}{i}", model, status) for model, status in models for i in range(benchmarks)]


def test_many_errors_of_every_model_are_counted_with_the_skips():
    good = of_both(2, "scored", "error")
    failed, skipped = of_both(11, "error", "skipped", name="E"), of_both(3, "skipped", "skipped", name="S")
    told, lines = unscored.split([*good, *failed, *skipped])
    assert told == good
    assert lines == [
        "could not be measured for any model: 14 benchmarks, 3 skipped and 11 errors"
        " (-rsE says why, -v lists)"
    ]


def test_few_errors_have_a_row_each():
    good = [*of_both(2, "scored", "error"), *of_both(10, "error", "error", name="E")]
    told, lines = unscored.split([*good, *of_both(1, "skipped", "skipped", name="S")])
    assert told == good
    assert lines == ["skipped for every model: 1 benchmark (-rs says why, -v lists)"]
    assert unscored.split(good) == (good, [])


def test_a_model_without_weights_says_so_once():
    why = "a: its weights are not here; fetch http://h/a.pth to p (own.yaml:3)"
    data = "x.nc is not here"
    rows = [row("D", "a", "skipped", why), row("E", "a", "skipped", why), row("F", "a", "skipped", data),
            row("D", "b"), row("E", "b", "error", "b broke"), row("F", "b", "skipped", data)]  # fmt: skip
    assert list(unscored.reasons(rows)) == [
        "a: its weights are not here (2 items skipped; -rs says what to do)"
    ]


def test_what_a_model_alone_skips_is_its_own():
    why = "w.npz (1.0 MB) is not on this machine, and offline; put it there"
    rows = [row("D", "a", "skipped", why), row("D", "b")]
    assert list(unscored.reasons(rows)) == [
        "a: w.npz (1.0 MB) is not on this machine, and offline (1 item skipped; -rs says what to do)"
    ]
    assert list(unscored.reasons([*rows, row("E", "a"), row("E", "b")])) == []


def test_what_several_items_failed_for_is_said_once():
    layer = "a has no layer relu1x; did you mean relu1?"
    rows = [row(f"D{i}", "a", "error", f"{layer} (own.yaml:{i})") for i in range(6)]
    rows += [row("E", "a", "error", "a has no layer fcx (own.yaml:9)"), row("F", "a")]
    assert list(unscored.shared(rows)) == [f"{layer} (6 items failed)"]
    many = [row(f"D{i}", model, "error", f"{model} broke") for model in "abcdefg" for i in range(2)]
    assert list(unscored.shared(many))[4:] == [
        "e broke (2 items failed)",
        "and 2 more reasons of several errors (-rE says all)",
    ]


@pytest.mark.parametrize("status", ["error", "skipped"])
def test_hosts_out_of_reach_are_named_with_what_to_do(status):
    lost = [row(f"D{i}", "a", status, f"no connection to {host}: x.nc; put it (own.yaml:3)")
            for i, host in enumerate(("h:9", "store", "store"))]  # fmt: skip
    lines = list(unscored.unreached([*lost, row("E", "a", "error", "another")]))
    said = (
        "no connection to store, h:9: 3 items failed; run again with a connection, or with"
        " --brainscore-offline, which skips what is not on this machine"
    )
    assert lines == ([said] if status == "error" else [])
    assert list(unscored.shared(lost)) == []


def test_several_ceilings_are_a_range_in_a_column_of_their_width():
    rows = [row("D", model, ceiling=ceiling) for model, ceiling in (("a", 0.895), ("b", 0.891), ("c", 0.893))]
    lines = list(table([*rows, row("Longer", "a", ceiling=0.8)], 100))
    assert lines[1].split()[:2] == ["D", "0.891–0.895"]
    assert {
        line.index(mark) + len(mark) for line, mark in zip(lines, ("ceiling", "895", "800"), strict=True)
    } == {19}
    assert [line.split()[-1] for line in table([row("D", "a", ceiling=0.89)], 100)] == ["a", "0.500"]


def test_zero_has_no_minus():
    numbers = {"raw": -0.0004, "ceiled": -0.0004, "normalise": "r_over_ceiling"}
    assert list(table([row("D", "a", **numbers)]))[1].endswith(" 0.000 → 0.000")
    assert [figure(value) for value in (-0.0004, -0.0006, 0.0)] == ["0.000", "-0.001", "0.000"]
