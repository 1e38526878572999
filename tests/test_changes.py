"""Changes between two sets of scores: what moved, by how much, what else differs; text and Markdown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.analysis.changes import Held, changes
from pytest_brainscore.guard import Measured
from pytest_brainscore.inference.paired import UNKNOWN
from pytest_brainscore.inference.replicates import Replicates
from pytest_brainscore.report.changes.document import document_of
from pytest_brainscore.report.changes.markdown import LIMIT, Grid, code, document
from pytest_brainscore.report.changes.text import counted, lines, listings, notes

SIDE = {"spec": "5" * 16, "stimuli": "1" * 16, "recordings": "2" * 16, "metric version": 1, "ceiling": 0.8}
MADE = {"layer": "3", "weights": "a" * 16, "torch": "2.6.0", "device": "cpu"}
OLD = Measured(0.5, 0.01, (0.48, 0.5, 0.52), SIDE, MADE)
KEY = ("Own.IT-pls", "net")


def moved(by: float, measured: Measured = OLD, **made: str) -> Measured:
    splits = tuple(value + by for value in measured.splits)
    return replace(measured, raw=measured.raw + by, splits=splits, made_with={**MADE, **made})


def one(old: Held, new: Held):
    (change,) = changes({KEY: old}, {KEY: new}).pairs
    return change


def test_a_score_that_fell():
    change = one(Held(OLD), Held(moved(-0.03, weights="b" * 16)))
    assert (change.moved, change.verdict.word) == (True, "regressed")
    assert change.verdict.delta == pytest.approx(-0.03)
    assert change.in_se == pytest.approx(-3.0)
    assert change.differs == ("weights aaaaaaaa → bbbbbbbb",)
    assert change.difference is None


def test_a_regression_that_is_known_is_apart():
    fell = changes({KEY: Held(OLD)}, {KEY: Held(moved(-0.03), known="#41")})
    assert (fell.moved, [change.known for change in fell.known], fell.words()) == ((), ["#41"], frozenset())
    assert list(lines(fell, ("A", "B")))[1:6] == [
        "1 score(s) on both sides: 0 moved, 1 known regression(s), 0 did not, 0 could not be compared;"
        " 0 only in the new, 0 only in the old",
        "",
        "regressed, as is known:",
        "  benchmark   model     old     new  difference  in se  verdict  what else differs  why",
        "  Own.IT-pls  net    0.5000  0.4700     -0.0300   -3.0  known    nothing else       #41",
    ]
    assert document_of(fell, ("A", "B"))["known"][0]["known"] == "#41"


def test_what_had_already_fallen_and_falls_further_is_new():
    fell = changes({KEY: Held(OLD, known="#41")}, {KEY: Held(moved(-0.03), known="#41")})
    assert ([change.known for change in fell.moved], fell.words()) == ([""], {"regressed"})
    rose = changes({KEY: Held(OLD)}, {KEY: Held(moved(0.03), known="#41")})
    assert (rose.known, rose.words()) == ((), {"improved"})


def test_details_are_compared_where_both_sides_tell_them():
    told = [Held(OLD, {"numpy": "2.1.0"}), Held(moved(0.1), {"numpy": "2.2.0"})]
    assert one(*told).differs == ("numpy 2.1.0 → 2.2.0",)
    assert one(Held(OLD), told[1]).differs == ()


def test_what_is_of_another_benchmark_is_not_compared():
    other = replace(moved(-0.2), side={**SIDE, "stimuli": "9" * 16})
    found = changes({KEY: Held(OLD)}, {KEY: Held(other)})
    (change,) = found.apart
    assert (found.moved, found.unmoved, change.moved) == ((), (), False)
    assert change.verdict.message == "mismatched: stimuli 11111111 → 99999999"
    no_number = replace(OLD, raw=float("nan"), splits=(float("nan"),) * 3)
    (change,) = changes({KEY: Held(OLD)}, {KEY: Held(no_number)}).apart
    assert "the score is not a number in split 1, 2, 3 of 3" in change.verdict.message


def test_every_key_is_in_one_place():
    scored, lost = Held(OLD), Held(None, why="error: no such file")
    names = {name: ("b", name) for name in ("same", "fell", "new", "gone", "lost", "found", "neither")}
    old = {names["same"]: scored, names["fell"]: scored, names["gone"]: scored, names["lost"]: scored}
    new = {names["same"]: scored, names["fell"]: Held(moved(-0.1)), names["new"]: scored}
    old |= {names["found"]: lost, names["neither"]: lost}
    new |= {names["lost"]: lost, names["found"]: scored, names["neither"]: lost}
    found = changes(old, new)
    where = {kind: [one.line for one in getattr(found, kind)] for kind in ("moved", "unmoved", "new", "gone")}
    assert where == {"moved": ["fell"], "unmoved": ["same"], "new": ["new"], "gone": ["gone"]}
    assert [(one.line, one.why) for one in found.lost] == [("lost", "error: no such file")]
    assert [one.line for one in found.found] == ["found"]
    assert (found.unscored, found.apart) == (1, ())
    assert found.words() == {"same", "regressed", "gone"}
    assert counted(found) == (
        "2 score(s) on both sides: 1 moved, 1 did not, 0 could not be compared; 2 only in the new,"
        " 2 only in the old; 1 without a score on either side"
    )


@given(st.lists(st.floats(-0.3, 0.3), min_size=1, max_size=8))
def test_the_largest_difference_comes_first(deltas):
    old = {("b", str(i)): Held(OLD) for i in range(len(deltas))}
    new = {("b", str(i)): Held(moved(delta)) for i, delta in enumerate(deltas)}
    sizes = [abs(change.verdict.delta) for change in changes(old, new).pairs]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes == pytest.approx(sorted(map(abs, deltas), reverse=True), abs=1e-12)


def sampled(values: np.ndarray, count: int = 40):
    return {"stimulus": Replicates("bootstrap", "stimulus", values, count)}


def held(measured: Measured, samples: dict, key: str = "k") -> Held:
    return Held(measured, sampled=lambda: (key, samples))


def test_on_the_same_samples_a_difference_has_an_interval():
    """By hand: n / (n - 1) times the variance of the differences, t with n - 1 degrees of freedom."""
    draws = np.random.default_rng(0)
    noise = 0.02 * draws.standard_normal(200)
    before, after = sampled(0.5 + noise), sampled(0.45 + noise + 0.01 * draws.standard_normal(200))
    new = held(moved(-0.05), after)
    change = one(held(OLD, before), new)
    differences = after["stimulus"].values - before["stimulus"].values
    se = np.sqrt(40 / 39 * differences.var(ddof=1))
    assert change.difference.se == pytest.approx(se)
    assert (change.difference.low, change.difference.high) == pytest.approx(
        (-0.05 - 2.0226909 * se, -0.05 + 2.0226909 * se), rel=1e-5
    )
    assert change.difference.p < 0.001
    assert one(held(OLD, sampled(0.5 + noise, 41)), new).difference is None
    assert one(held(OLD, before, "of other stimuli"), new).difference is None


def test_what_was_resampled_is_said_and_why_where_it_says_nothing():
    values = np.random.default_rng(1).standard_normal((2, 200))
    of = [{"neuroid": Replicates("bootstrap", "neuroid", each, 40)} for each in values]
    tested = changes({KEY: held(OLD, of[0])}, {KEY: held(moved(-0.05), of[1])})
    assert "on the same samples of neuroids," in notes(tested)[-1]
    alone = [{"neuroid": replace(each["neuroid"], alone=True)} for each in of]
    made = changes({KEY: held(OLD, alone[0])}, {KEY: held(moved(-0.05), alone[1])})
    assert made.moved[0].difference is None
    assert f"no interval of {KEY[0]}: {UNKNOWN}" in notes(made)


def test_samples_of_scores_that_did_not_move_are_not_read():
    def read():
        raise AssertionError

    assert one(Held(OLD, sampled=read), Held(OLD, sampled=read)).difference is None


def test_text_has_only_columns_that_say_something():
    old, new = {KEY: Held(OLD)}, {KEY: Held(moved(-0.03))}
    found = changes(old, new)
    assert list(lines(found, ("A", "B")))[3:6] == [
        "moved:",
        "  benchmark   model     old     new  difference  in se  verdict    what else differs",
        "  Own.IT-pls  net    0.5000  0.4700     -0.0300   -3.0  regressed  nothing else",
    ]
    bare = changes({KEY: Held(replace(OLD, error=None))}, new)
    assert "in se" not in listings(bare)[0].header
    assert "in se: " not in notes(bare)[-1]
    assert "in se: " in notes(changes({KEY: Held(OLD)}, new))[-1]


def test_what_did_not_move_is_shown_on_demand():
    found = changes({KEY: Held(OLD)}, {KEY: Held(OLD)})
    assert listings(found) == []
    (shown,) = listings(found, every=True)
    assert shown.rows == (
        ("Own.IT-pls", "net", "0.5000", "0.5000", "+0.0000", "+0.0", "same", "nothing else"),
    )


def test_a_long_list_is_cut_unless_all_is_asked():
    new = {("b", f"net{i:02}"): Held(OLD) for i in range(25)}
    found = changes({}, new)
    assert "  and 5 more (--all shows them)" in list(lines(found, ("A", "B")))
    assert len(listings(found, every=True)[0].rows) == 25


def test_the_document_is_unrounded_and_finite():
    told = document_of(changes({KEY: Held(OLD)}, {KEY: Held(moved(-0.012345678))}), ("A", "B"))
    assert told["moved"][0]["delta"] == pytest.approx(-0.012345678, abs=1e-12)
    assert told["unmoved"] == 0
    bad = replace(OLD, raw=float("nan"), splits=(float("nan"),))
    assert (
        document_of(changes({KEY: Held(bad)}, {KEY: Held(OLD)}), ("A", "B"))["not_compared"][0]["old"] is None
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("IT-pls", "`IT-pls`"),
        ("@everyone #12 <b>", "`@everyone #12 <b>`"),
        ("a|b", "<code>a&#124;b</code>"),
        ("`x` @you", "<code>&#96;x&#96; &#64;you</code>"),
        ("a\\|b", "<code>a&#92;&#124;b</code>"),
        ("one\ntwo\r\n\u202ethree\x1b[31m", "`one two three [31m`"),
        ("", ""),
    ],
)
def test_foreign_text_is_code(text, shown):
    assert code(text) == shown


@given(st.text(max_size=400))
def test_no_text_breaks_out_of_its_cell(text):
    shown = code(text)
    assert not set("\r\n|\u2028\u2029") & set(shown)
    assert len(shown) <= 6 * 310 + 13
    if shown.startswith("`"):
        assert shown.count("`") == 2
    elif shown:
        inner = shown.removeprefix("<code>").removesuffix("</code>")
        assert not set("<>`@*_[]\\|") & set(inner)


@pytest.mark.parametrize("limit", [500, 2000, 20_000])
def test_a_long_document_says_how_many_rows_were_left_out(limit):
    grid = Grid(("name", "score"), [[code(f"net{i}"), "0.5000"] for i in range(1000)], frozenset({1}))
    text = document(["### Title", grid, "the end"], limit)
    assert len(text) <= limit
    kept = text.count("| 0.5000 |")
    assert 0 < kept < 1000
    assert f"**{1000 - kept} row(s) of tables" in text.splitlines()[-1]


def test_a_short_document_is_whole():
    text = document(["### Title", Grid(("a", "b"), [["`x`", "1"]], frozenset({1})), "the end"], LIMIT)
    assert text == "### Title\n\n| a | b |\n| --- | ---: |\n| `x` | 1 |\n\nthe end\n\n"
