"""Composites: means of means, what is missing from them, and their errors."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.analysis.composites import compose
from pytest_brainscore.metrics.normalise import NAMES, normalise
from pytest_brainscore.report.composites import lacks, stood_in
from pytest_brainscore.report.table import table
from pytest_brainscore.specs.composites import Composite
from pytest_brainscore.specs.results import Row

KNOWN = {
    "M.V1-pls": "macaque",
    "M.V4-pls": "macaque",
    "M.IT-pls": "macaque",
    "H.V4-rdm": "human",
    "S.IT": None,
}


def row(benchmark, model="a", raw=0.5, error=0.02, **more):
    said = {
        "dataset": benchmark.split(".")[0],
        "region": "V4",
        "metric": "pls",
        "species": KNOWN.get(benchmark),
    }
    numbers = {"raw": raw, "error": error, "ceiling": 0.8, "normalise": "r2_over_ceiling"}
    if raw is not None:
        numbers["ceiled"] = raw * abs(raw) / 0.8
    row = {"benchmark": benchmark, "model": model, "status": "scored", **said, **numbers, **more}
    return Row(**{"node": f"own.yaml::b::{model}", **row})


def failed(benchmark, model="a", status="error"):
    return row(benchmark, model, None, None, ceiling=None, status=status, message="the disk is full")


def of(rows, *mean, known=KNOWN, **more):
    spec = Composite(**{"id": "C", "title": "of a test", "of": "raw", "mean": mean, **more})
    return compose([spec], rows, lambda: known)


def mean(id, *parts):
    return {"id": id, "mean": parts}


def test_regions_weigh_the_same_however_many_benchmarks_they_have():
    rows = [row("M.V4-pls", raw=0.2), row("H.V4-rdm", raw=0.4), row("M.IT-pls", raw=0.6)]
    (found,) = of(rows, mean("V4", "M.V4-pls", "H.V4-rdm"), mean("IT", "M.IT-pls"))
    assert found.means == {"V4": pytest.approx(0.3), "IT": pytest.approx(0.6)}
    assert found.value == pytest.approx(0.45)
    assert (found.parts, found.scored, found.missing, found.missing_as) == (3, 3, {}, None)
    assert found.title == "of a test"


def test_errors_are_those_of_means_of_independent_scores():
    rows = [row("M.V4-pls", error=0.03), row("H.V4-rdm", error=0.04), row("M.IT-pls", error=0.06)]
    (found,) = of(rows, mean("V4", "M.V4-pls", "H.V4-rdm"), "M.IT-pls")
    assert found.error == pytest.approx(math.hypot(0.025, 0.06) / 2)
    drawn = random.Random(0)
    values = [
        ((0.03 * drawn.gauss() + 0.04 * drawn.gauss()) / 2 + 0.06 * drawn.gauss()) / 2 for _ in range(20_000)
    ]
    spread = math.sqrt(sum(v * v for v in values) / len(values))
    assert found.error == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize("how", [name for name in NAMES if name != "above_chance"])
@given(raw=st.floats(0.05, 0.9) | st.floats(-0.9, -0.05), ceiling=st.floats(0.3, 1.0))
def test_the_error_of_a_ceiled_score_is_its_slope_over_raw(how, raw, ceiling):
    step = 1e-6
    ceiled = {d: normalise(how, raw + d, ceiling) for d in (-step, 0.0, step)}
    slope = (ceiled[step] - ceiled[-step]) / (2 * step)
    rows = [row("M.V4-pls", raw=raw, error=0.02, ceiling=ceiling, normalise=how, ceiled=ceiled[0.0])]
    (found,) = of(rows, "M.V4-pls", of="ceiled")
    assert found.value == ceiled[0.0]
    assert found.error == pytest.approx(abs(slope) * 0.02, rel=1e-4)


@pytest.mark.parametrize(
    "changed",
    [
        {"error": None},
        {"ceiled": 0.0},
        {"ceiled": 1.0, "clip": (0.0, 1.0)},
        {"ceiled": 0.1, "clip": (0.1, 1.0)},
        {"ceiled": 1.0, "clip": (0.0, 1.0), "normalise": "none"},
        {"normalise": "above_chance"},
        {"raw": 0.0, "ceiled": 0.1},
    ],
)
def test_an_error_that_is_not_known_is_none(changed):
    (found,) = of([row("M.V4-pls", **changed), row("M.IT-pls")], "M.V4-pls", "M.IT-pls", of="ceiled")
    assert found.value is not None
    assert found.error is None


def test_bounds_cost_no_score_between_them_its_error():
    bounded = row("M.V4-pls", raw=0.6, error=0.05, normalise="r_over_ceiling", ceiled=0.75, clip=(0.0, 1.0))
    (found,) = of([bounded], "M.V4-pls", of="ceiled")
    assert found.error == pytest.approx(0.05 / 0.8)
    (raw,) = of([bounded.model_copy(update={"ceiled": 1.0})], "M.V4-pls")
    assert raw.error == 0.05


def test_a_missing_part_leaves_no_value_and_says_why():
    rows = [
        row("M.V4-pls"),
        failed("M.IT-pls"),
        failed("H.V4-rdm", status="skipped"),
        row("S.IT", ceiled=None),
    ]
    names = ("M.V4-pls", "M.IT-pls", "H.V4-rdm", "M.V1-pls", "S.IT", "Gone.V1", "Lost.*")
    (found,) = of(rows, *names, of="ceiled")
    assert (found.value, found.error, found.parts, found.scored) == (None, None, 7, 1)
    assert found.missing == {
        "M.IT-pls": "error: the disk is full",
        "H.V4-rdm": "skipped: the disk is full",
        "M.V1-pls": "not scored",
        "S.IT": "has no ceiled score",
        "Gone.V1": "there is no such benchmark here",
        "Lost.*": "no benchmark has such a name",
    }


def test_without_a_ceiling_the_ceiled_score_is_the_raw_one():
    whole = row("M.V4-pls", raw=0.4, ceiling=None, normalise="none", ceiled=0.4, error=0.02)
    (found,) = of([whole, row("M.IT-pls", raw=0.8)], "M.V4-pls", "M.IT-pls", of="ceiled")
    assert (found.value, found.missing) == (pytest.approx((0.4 + 0.8**2 / 0.8) / 2), {})


def test_what_is_whole_within_it_has_its_mean():
    rows = [row("M.V4-pls", raw=0.2), row("H.V4-rdm", raw=0.4)]
    (found,) = of(rows, mean("V4", "M.V4-pls", "H.V4-rdm"), mean("IT", "M.IT-pls"))
    assert (found.value, found.means) == (None, {"V4": pytest.approx(0.3), "IT": None})


PARTIAL = (mean("V4", "M.V4-pls", "H.V4-rdm"), mean("IT", "M.IT-pls"), mean("V1", "M.V1-pls"))


def test_skip_is_the_mean_of_what_is_there_and_is_marked():
    rows = [row("M.V4-pls", raw=0.2, error=0.03), row("M.IT-pls", raw=0.6, error=0.04)]
    (found,) = of(rows, *PARTIAL, missing="skip")
    assert (found.value, found.error) == (pytest.approx(0.4), pytest.approx(0.025))
    assert found.means == {"V4": pytest.approx(0.2), "IT": pytest.approx(0.6), "V1": None}
    assert (found.scored, found.parts, found.missing_as) == (2, 4, "skip")
    assert set(found.missing) == {"H.V4-rdm", "M.V1-pls"}


def test_zero_counts_what_is_missing_as_zero_and_is_marked():
    rows = [row("M.V4-pls", raw=0.2, error=0.03), row("M.IT-pls", raw=0.6, error=0.04)]
    (found,) = of(rows, *PARTIAL, missing="zero")
    assert (found.value, found.error) == (
        pytest.approx((0.1 + 0.6 + 0) / 3),
        pytest.approx(math.hypot(0.015, 0.04) / 3),
    )
    assert found.means == {"V4": pytest.approx(0.1), "IT": pytest.approx(0.6), "V1": 0.0}
    assert (found.scored, found.parts, found.missing_as) == (2, 4, "zero")


def test_each_model_that_has_a_part_has_its_own():
    rows = [
        row("M.V4-pls", "a", 0.2),
        row("M.V4-pls", "b", 0.3),
        row("Other.V4", "c"),
        failed("M.V4-pls", "d"),
    ]
    found = of(rows, "M.V4-pls")
    assert {one.model: one.value for one in found} == {"a": pytest.approx(0.2), "b": pytest.approx(0.3)}


def test_a_composite_without_a_part_in_the_rows_asks_for_nothing():
    def unasked():
        raise AssertionError

    spec = Composite(id="C", title="t", of="raw", mean=("M.V4-pls", "*.IT-*"))
    assert compose([spec], [row("Other.V4"), failed("M.V4-pls")], unasked) == []


def test_a_pattern_is_all_benchmarks_there_are_and_not_only_those_of_the_run():
    (found,) = of([row("M.V4-pls")], "*.V4-*", "M.V4-pls")
    assert (found.parts, found.missing) == (2, {"H.V4-rdm": "not scored"})
    (found,) = of([row("M.V4-pls"), row("Own.V4-pls", raw=0.7)], "*.V4-pls")
    assert (found.parts, found.value) == (2, pytest.approx(0.6))


def test_trees_per_species_have_the_parts_of_their_data():
    rows = [row("M.V4-pls", raw=0.2), row("H.V4-rdm", raw=0.4), row("M.IT-pls", raw=0.6)]
    found = of(rows, mean("V4", "M.V4-pls", "H.V4-rdm"), mean("IT", "M.IT-pls"), per="species")
    assert {one.composite: (one.value, one.parts) for one in found} == {
        "C.macaque": (pytest.approx(0.4), 2),
        "C.human": (pytest.approx(0.4), 1),
    }
    assert [set(one.means) for one in found] == [{"V4", "IT"}, {"V4"}]


def test_what_is_of_no_known_species_is_missing_from_each_tree():
    rows = [row("M.V4-pls"), row("H.V4-rdm"), row("S.IT")]
    macaque, human = of(rows, "M.V4-pls", "H.V4-rdm", "S.IT", "Gone.IT", per="species")
    told = {"S.IT": "its data set says no species", "Gone.IT": "there is no such benchmark here"}
    assert macaque.missing == human.missing == told
    assert (macaque.value, human.value) == (None, None)
    (alone,) = of(rows, "S.IT", per="species")
    assert (alone.composite, alone.value, alone.missing) == ("C", None, {"S.IT": told["S.IT"]})


def test_the_species_of_a_row_counts_where_its_benchmark_is_not_here():
    (found,) = of([row("Far.V4", species="mouse")], "Far.V4", per="species")
    assert (found.composite, found.value) == ("C.mouse", 0.5)


@pytest.mark.parametrize(
    ("measured", "value", "stand_ins"),
    [
        (("M.V4-pls", "H.V4-rdm"), 0.2, {}),
        (("H.V4-rdm",), 0.4, {"M.V4-pls": "H.V4-rdm"}),
    ],
)
def test_the_first_of_several_that_was_scored_counts_and_another_is_named(measured, value, stand_ins):
    rows = [row(name, raw={"M.V4-pls": 0.2, "H.V4-rdm": 0.4}[name]) for name in measured]
    (found,) = of(rows, {"first": ("M.V4-pls", "H.V4-rdm")})
    assert (found.value, found.stand_ins, found.parts) == (value, stand_ins, 1)


def test_all_models_have_the_same_stand_in():
    rows = [row("M.V4-pls", "a"), row("H.V4-rdm", "a"), row("H.V4-rdm", "b"), row("M.IT-pls", "b")]
    first, second = of(rows, {"first": ("M.V4-pls", "H.V4-rdm")}, "M.IT-pls", missing="skip")
    assert (first.missing, second.missing) == ({"M.IT-pls": "not scored"}, {"M.V4-pls": "not scored"})
    assert first.stand_ins == second.stand_ins == {}


def test_layers_named_for_the_run_give_no_value_where_there_are_several():
    named = [row("M.V4-pls", layer=f"l{i}", node=f"own.yaml::b::a-l{i}", raw=0.1 * i) for i in (1, 2)]
    (found,) = of(named, "M.V4-pls")
    assert found.missing == {"M.V4-pls": "scored in 2 layers, none of which is the model's own"}
    assert of(named[:1], "M.V4-pls")[0].value == pytest.approx(0.1)
    assert of([*named, row("M.V4-pls", raw=0.7)], "M.V4-pls")[0].value == 0.7


@given(values=st.lists(st.floats(-1, 1), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_the_order_of_parts_does_not_matter_and_the_mean_lies_between_them(values, seed):
    names = [f"D{i}.V4" for i in range(len(values))]
    rows = [row(name, raw=value) for name, value in zip(names, values, strict=True)]
    (found,) = of(rows, *names)
    random.Random(seed).shuffle(names)
    (shuffled,) = of(rows[::-1], *names)
    assert found.value == pytest.approx(shuffled.value, abs=1e-12)
    assert min(values) - 1e-12 <= found.value <= max(values) + 1e-12


def test_in_the_table_partial_ones_are_marked_and_those_without_a_value_are_not_there():
    rows = [row("M.V4-pls", "a", 0.2), row("M.IT-pls", "a", 0.6), row("M.V4-pls", "b", 0.4)]
    both = ("M.V4-pls", "M.IT-pls")
    ids = {"Whole": None, "Skip": "skip", "Zero": "zero"}
    composed = [one for id, missing in ids.items() for one in of(rows, *both, id=id, missing=missing)]
    composed += of(rows, "M.V4-pls", "H.V4-rdm", id="Lacking")
    cells = {line.split("  ")[0]: line.split() for line in table(rows, 120, composed)}
    assert cells["Whole"] == ["Whole", "0.400", "-"]
    assert cells["Skip"] == ["Skip", "0.400", "0.400", "(1", "of", "2)"]
    assert cells["Zero"] == ["Zero", "0.400", "0.200", "(1", "of", "2,", "rest", "0)"]
    assert "Lacking" not in cells
    assert [one for one in lacks(composed) if one.startswith("L")] == [
        "Lacking of a, b: missing: H.V4-rdm (not scored)"
    ]


def test_what_stood_in_is_said_once_for_all_models():
    rows = [row("H.V4-rdm", "a"), row("H.V4-rdm", "b")]
    assert list(stood_in(of(rows, {"first": ("M.V4-pls", "H.V4-rdm")}))) == [
        "C: H.V4-rdm stands in for M.V4-pls"
    ]
