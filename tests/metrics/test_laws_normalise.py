"""What ceiled scores promise, for any raw score and any ceiling."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.metrics.normalise import NAMES, normalise
from tests.strategies import normal, permutation, seeds

CHANCE = 0.1
raws, ceilings = st.floats(-1, 1), st.floats(0.2, 1)
every = pytest.mark.parametrize("how", NAMES)
SIGNED = [name for name in NAMES if name != "above_chance"]
SQUARED = ["r2_over_ceiling", "r2_over_ceiling2"]


def ceiled(how, raw, ceiling, **parameters):
    chance = {"chance": CHANCE} if how == "above_chance" else {}
    return normalise(how, raw, ceiling, **chance, **parameters)


@pytest.mark.parametrize("how", SIGNED)
@given(raws, ceilings)
def test_the_sign_is_the_raw_scores(how, raw, ceiling):
    assert ceiled(how, -raw, ceiling) == -ceiled(how, raw, ceiling)
    assert ceiled(how, raw, ceiling) * raw >= 0


@given(raws, ceilings)
def test_above_chance_is_positive_where_the_raw_score_is(raw, ceiling):
    assert (ceiled("above_chance", raw, ceiling) > 0) == (raw > CHANCE)


@every
@given(raws, raws, ceilings)
def test_a_higher_raw_score_is_never_lower(how, a, b, ceiling):
    low, high = sorted((a, b))
    assert ceiled(how, low, ceiling) <= ceiled(how, high, ceiling)


@every
@given(st.floats(0.11, 1), ceilings, ceilings)
def test_a_higher_ceiling_never_raises_a_positive_score(how, raw, a, b):
    low, high = sorted((a, b))
    assert ceiled(how, raw, low) >= ceiled(how, raw, high)


@pytest.mark.parametrize("how", [name for name in SIGNED if name not in SQUARED])
@given(raws)
def test_a_ceiling_of_one_changes_nothing(how, raw):
    assert ceiled(how, raw, 1.0) == raw


@pytest.mark.parametrize("how", SQUARED)
@given(raws)
def test_a_ceiling_of_one_leaves_the_square(how, raw):
    assert ceiled(how, raw, 1.0) == pytest.approx(math.copysign(raw**2, raw), abs=1e-300)


@pytest.mark.parametrize("how", ["r_over_ceiling", "r2_over_ceiling2", "above_chance"])
@given(ceilings)
def test_the_ceiling_itself_is_one(how, ceiling):
    assert ceiled(how, ceiling, ceiling) == pytest.approx(1)


@pytest.mark.parametrize(
    ("how", "best"), [("r2_over_ceiling", math.sqrt), ("r_over_sqrt_ceiling", math.sqrt)]
)
@given(ceilings)
def test_the_root_of_a_reliability_is_one(how, best, ceiling):
    assert ceiled(how, best(ceiling), ceiling) == pytest.approx(1)


@every
@given(raws, ceilings, st.floats(-1, 0), st.floats(0, 1))
def test_clipping_is_the_nearest_figure_inside(how, raw, ceiling, low, high):
    free, clipped = ceiled(how, raw, ceiling), ceiled(how, raw, ceiling, clip=(low, high))
    assert low <= clipped <= high
    assert clipped == (free if low <= free <= high else (low if free < low else high))


@every
@given(seeds, st.integers(1, 12), ceilings)
def test_order_of_splits(how, seed, n, ceiling):
    per_split = normal(seed, n).tanh()
    moved = ceiled(how, per_split[permutation(seed, n)], ceiling)
    assert moved == pytest.approx(ceiled(how, per_split, ceiling), abs=1e-12)


@pytest.mark.parametrize("how", [name for name in NAMES if name != "r_over_sqrt_ceiling"])
@given(seeds, st.integers(1, 12), ceilings)
def test_splits_count_by_their_mean(how, seed, n, ceiling):
    per_split = normal(seed, n).tanh()
    assert ceiled(how, per_split, ceiling) == pytest.approx(ceiled(how, float(per_split.mean()), ceiling))


@given(seeds, st.integers(1, 12))
def test_the_root_is_taken_split_by_split(seed, n):
    per_split, ceiling = normal(seed, n).tanh(), normal(seed + 1, n).sigmoid()
    expected = float((per_split / ceiling.sqrt()).mean())
    assert normalise("r_over_sqrt_ceiling", per_split, ceiling) == pytest.approx(expected, abs=1e-12)


@every
@given(raws, st.sampled_from([None, 0.0, -0.5, math.nan]))
def test_no_ceiling_no_ceiled_score(how, raw, ceiling):
    assert ceiled(how, raw, ceiling) == (raw if how == "none" else None)
    assert ceiled(how, torch.nan, 0.5) is None
