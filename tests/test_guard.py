"""The guard's verdicts: by example, and by laws."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean, pstdev

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_brainscore.errors import SpecError
from pytest_brainscore.guard import Measured, agree, differences, in_se, judge
from pytest_brainscore.specs.guards import Drop, Guard
from pytest_brainscore.specs.validation import validated

SIDE = {"spec": "a" * 64, "stimuli": "b" * 64, "ceiling": 0.8}
MADE = {"layer": "features.8", "weights": "c" * 16, "torch": "2.14"}


def measured(*splits: float, **changes) -> Measured:
    error = pstdev(splits) / math.sqrt(len(splits)) if len(splits) > 1 else None
    return replace(Measured(fmean(splits), error, splits, SIDE, MADE), **changes)


OLD = measured(0.50, 0.54, 0.46, 0.50)  # its standard error is 0.0141


@pytest.mark.parametrize(
    ("shift", "word"),
    [
        (0.0, "same"),
        (0.0019, "same"),
        (-0.0019, "same"),
        (0.0021, "drifted"),
        (-0.0281, "drifted"),
        (-0.0284, "regressed"),
        (0.0281, "drifted"),
        (0.0284, "improved"),
    ],
)
def test_the_default_band_is_two_standard_errors(shift, word):
    new = measured(*(value + shift for value in OLD.splits))
    verdict = judge(new, OLD, Guard())
    assert verdict.word == word
    assert verdict.delta == pytest.approx(shift)
    assert verdict.band == pytest.approx(2 * math.sqrt(0.0008) / 2)
    assert verdict.se == pytest.approx(0, abs=1e-12)
    assert verdict.fell == (4 if shift < -1e-6 else 0)


def test_differences_are_paired():
    new = measured(0.49, 0.55, 0.44, 0.50)
    verdict = judge(new, OLD, Guard())
    assert verdict.delta == pytest.approx(-0.005)
    assert verdict.se == pytest.approx(pstdev([-0.01, 0.01, -0.02, 0.0]) / 2)
    assert (verdict.fell, verdict.n) == (2, 4)


@pytest.mark.parametrize(("new", "word"), [(0.389, "regressed"), (0.391, "drifted"), (0.399, "same")])
def test_without_splits_the_default_drop_is_a_hundredth(new, word):
    verdict = judge(measured(new), measured(0.4), Guard())
    assert (verdict.word, verdict.band, verdict.se, verdict.unit) == (word, 0.01, None, None)


def test_a_band_is_never_narrower_than_the_drift():
    policy = Guard(drop=Drop(value=0.001), drift=0.01)
    assert judge(measured(0.3905), measured(0.4), policy).word == "same"
    assert judge(measured(0.3895), measured(0.4), policy).word == "regressed"


def test_no_baseline():
    verdict = judge(OLD, None, Guard())
    assert (verdict.word, verdict.delta) == ("unguarded", None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"side": {**SIDE, "stimuli": "d" * 64}}, "stimuli bbbbbbbb → dddddddd"),
        ({"side": {**SIDE, "ceiling": 0.7}}, "ceiling 0.800000 → 0.700000"),
        ({"side": {**SIDE, "ceiling": None}}, "ceiling 0.800000 → none"),
        (
            {"side": {**SIDE, "spec": "e" * 64, "stimuli": "d" * 64}},
            "spec aaaaaaaa → eeeeeeee; stimuli bbbbbbbb → dddddddd",
        ),
        ({"splits": (0.5, 0.5)}, "splits 4 → 2"),
    ],
)
def test_another_side_is_not_compared(changes, said):
    verdict = judge(replace(OLD, **changes), OLD, Guard())
    assert (verdict.word, verdict.delta) == ("mismatched", None)
    assert verdict.message == f"mismatched: {said}"


def test_what_the_model_was_made_with_is_watched_and_not_required():
    new = replace(OLD, made_with={**MADE, "torch": "2.15", "device": "cuda:0"})
    verdict = judge(new, OLD, Guard())
    assert (verdict.word, verdict.changed) == ("same", ("torch 2.14 → 2.15", "device none → cuda:0"))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_a_number_fails_clearly(bad):
    new = replace(OLD, splits=(0.5, bad, 0.5, 0.5))
    said = "mismatched: the score is not a number in split 2 of 4"
    assert judge(new, OLD, Guard()).message == said
    assert judge(new, None, Guard()).message == said
    assert judge(OLD, new, Guard()).message == said.replace("the score", "its baseline")
    assert judge(replace(OLD, raw=bad), OLD, Guard()).word == "mismatched"


def test_a_minimum_is_a_threshold_with_and_without_a_baseline():
    for old in (OLD, None):
        verdict = judge(OLD, old, Guard(), minimum=0.6)
        assert (verdict.word, verdict.below) == ("regressed", 0.6)
        assert verdict.message == "regressed: 0.5000 is below the minimum 0.6000"
    held = judge(OLD, None, Guard(), minimum=0.5)
    assert (held.word, held.held) == ("unguarded", 0.5)
    odd = judge(OLD, replace(OLD, side={}), Guard(), minimum=0.6)
    assert (odd.word, odd.below) == ("mismatched", 0.6)


def test_a_drop_in_standard_errors_needs_them():
    with pytest.raises(SpecError, match="write drop"):
        judge(measured(0.4), measured(0.4), Guard(drop=Drop(value=2, unit="se")))


@pytest.mark.parametrize(
    ("given", "drop"),
    [("2 se", Drop(value=2, unit="se")), ("1.5se", Drop(value=1.5, unit="se")), (0.01, Drop(value=0.01))],
)
def test_a_drop_as_it_is_written(given, drop):
    assert validated(Guard, {"drop": given}, "own.yaml").drop == drop


@pytest.mark.parametrize("given", ["2", "se", "2 sd", "-1 se", 0, -0.1, True, "0 se"])
def test_a_drop_that_is_none(given):
    with pytest.raises(SpecError, match="drop"):
        validated(Guard, {"drop": given}, "own.yaml")


def test_equal_numbers_agree_to_the_precision_of_the_file():
    assert agree((0.1, 0.2), (0.1, 0.2000005))
    assert not agree((0.1, 0.2), (0.1, 0.200002))
    assert not agree((0.1,), (0.1, 0.2))
    assert list(differences({"ceiling": 0.8}, {"ceiling": 0.8000005})) == []
    assert in_se(-0.02, 0.01) == "-0.0200 = -2.0 se"
    assert in_se(-0.02, None) == "-0.0200"


RANK = {"regressed": -2, "drifted": 0, "same": 0, "improved": 2}
shifts = st.floats(-0.5, 0.5)
policies = st.builds(
    Guard,
    drop=st.one_of(
        st.none(),
        st.builds(Drop, value=st.floats(0.1, 10), unit=st.just("se")),
        st.builds(Drop, value=st.floats(1e-4, 0.3), unit=st.just("score")),
    ),
    drift=st.floats(0, 0.1),
)


@st.composite
def baselines(draw: st.DrawFn) -> Measured:
    values = draw(st.lists(st.floats(-1, 1), min_size=2, max_size=12))
    return measured(*values)


def shifted(old: Measured, by: float) -> Measured:
    return measured(*(value + by for value in old.splits))


@given(baselines(), shifts, policies)
def test_law_exactly_one_verdict_for_each_place_on_the_line(old, shift, policy):
    verdict = judge(shifted(old, shift), old, policy)
    band, delta = verdict.band, verdict.delta
    assert band >= policy.drift
    holds = {
        "same": abs(delta) <= policy.drift,
        "drifted": policy.drift < abs(delta) <= band,
        "regressed": delta < -band,
        "improved": delta > band,
    }
    assert [word for word, is_so in holds.items() if is_so] == [verdict.word]


@given(baselines(), shifts, policies)
def test_law_a_fall_and_an_equal_rise_mirror_each_other(old, shift, policy):
    assume(abs(abs(shift) - policy.band(old.error)) > 1e-9)
    assume(abs(abs(shift) - policy.drift) > 1e-9)
    up, down = judge(shifted(old, shift), old, policy), judge(shifted(old, -shift), old, policy)
    mirror = {"regressed": "improved", "improved": "regressed"}
    assert down.word == mirror.get(up.word, up.word)
    assert down.delta == pytest.approx(-up.delta, abs=1e-12)


@given(baselines(), shifts, shifts, policies)
def test_law_a_higher_score_never_has_a_worse_verdict(old, one, other, policy):
    low, high = sorted((one, other))
    assert (
        RANK[judge(shifted(old, low), old, policy).word] <= RANK[judge(shifted(old, high), old, policy).word]
    )


@given(baselines(), shifts, st.floats(0.1, 10), st.floats(0.01, 100))
def test_law_in_standard_errors_the_unit_plays_no_part(old, shift, value, scale):
    policy = Guard(drop=Drop(value=value, unit="se"), drift=0.0)
    assume(abs(abs(shift) - policy.band(old.error)) > 1e-6 * (1 + abs(shift)))
    assume(abs(shift) > 1e-6)
    scaled = measured(*(v * scale for v in old.splits))
    new = shifted(old, shift)
    scaled_new = measured(*(v * scale for v in new.splits))
    one, other = judge(new, old, policy), judge(scaled_new, scaled, policy)
    assert other.word == one.word
    assert other.band == pytest.approx(scale * one.band, rel=1e-9, abs=1e-12)
    assert other.se == pytest.approx(scale * one.se, rel=1e-6, abs=1e-9)


@given(baselines(), st.lists(st.floats(-0.3, 0.3), min_size=12, max_size=12), policies)
def test_law_the_order_of_the_splits_plays_no_part(old, moves, policy):
    new = measured(*(value + move for value, move in zip(old.splits, moves, strict=False)))
    back = replace(new, splits=new.splits[::-1]), replace(old, splits=old.splits[::-1])
    one, other = judge(new, old, policy), judge(*back, policy)
    assert (one.word, one.fell, one.n) == (other.word, other.fell, other.n)
    assert one.se == pytest.approx(other.se)


@given(baselines(), policies, st.floats(-2, 2))
def test_law_a_score_is_the_same_as_itself_and_a_minimum_only_ever_fails_it(old, policy, minimum):
    assert judge(old, old, policy).word == "same"
    assert judge(old, old, policy, minimum).word == ("same" if old.raw >= minimum else "regressed")
