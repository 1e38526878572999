from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.errors import MetricError
from pytest_brainscore.inference.intervals import interval, through
from pytest_brainscore.inference.left_out import jackknifed
from pytest_brainscore.inference.paired import paired
from pytest_brainscore.inference.replicates import Replicates, Sampled
from pytest_brainscore.inference.sampling import Sampling
from tests.inference.samples import split_scores
from tests.strategies import factors, normal, seeds

KEYED = Sampling("k", groups=20)


def of_mean(x: torch.Tensor) -> Sampled:
    """The jackknife of a mean of 20 numbers, one left out at a time: its t test is Student's."""
    return {"stimulus": jackknifed(lambda rows: float(x[rows].mean()), 20, KEYED)}


def of_splits(values: torch.Tensor) -> Sampled:
    return {"stimulus": split_scores(values.numpy(), 1 / 9)}


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_the_interval_of_a_mean_is_students(level):
    x = normal(0, 20)
    found = interval(float(x.mean()), of_mean(x), level=level)
    expected = scipy.stats.t.interval(level, 19, loc=x.mean(), scale=scipy.stats.sem(x))
    assert (found.low, found.high) == pytest.approx(expected)
    assert (found.se, found.df) == (pytest.approx(scipy.stats.sem(x)), 19)


def test_the_interval_says_what_it_is_over_and_how():
    both = {
        **of_splits(normal(0, 5)),
        "neuroid": Replicates("bootstrap", "neuroid", normal(1, 40).numpy(), 9),
        "both": split_scores(normal(2, 500).numpy(), 1 / 9, "both"),
    }
    found = interval(0.3, both)
    assert found.over == ("stimulus", "neuroid")
    assert found.by == {"stimulus": "splits", "neuroid": "bootstrap"}
    assert not found.refit
    anew = replace(both["stimulus"], refit=True)
    assert interval(0.3, {**both, "stimulus": anew}).refit


def test_without_samples_there_is_no_interval():
    assert interval(0.3, {}) is None
    assert paired(0.3, 0.2, {}, {}) is None


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_is_a_share(level):
    with pytest.raises(MetricError, match="between 0 and 1"):
        interval(0.3, of_mean(normal(0, 20)), level=level)


@given(seed=seeds, scale=factors, shift=st.floats(-5, 5))
def test_intervals_move_and_grow_with_the_scores(seed, scale, shift):
    x = normal(seed, 10)
    plain, moved = (interval(float(v.mean()), of_splits(v)) for v in (x, scale * x + shift))
    assert moved.low == pytest.approx(scale * plain.low + shift, abs=1e-9)
    assert moved.high == pytest.approx(scale * plain.high + shift, abs=1e-9)


@given(seed=seeds, levels=st.tuples(st.floats(0.01, 0.98), st.floats(0.001, 0.01)))
def test_intervals_grow_with_their_level(seed, levels):
    x = normal(seed, 10)
    narrow, wide = (interval(0.0, of_splits(x), level=at) for at in (levels[0], sum(levels)))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_the_ends_go_through_a_monotone_function_in_order():
    found = interval(0.5, of_splits(normal(0, 10)))
    falling = through(found, lambda score: 1 - 2 * score)
    assert (falling.low, falling.high) == (1 - 2 * found.high, 1 - 2 * found.low)
    assert (falling.se, falling.df, falling.level) == (None, found.df, found.level)
    none = through(found, lambda score: None)
    assert (none.low, none.high) == (None, None)


def test_the_paired_test_of_means_is_students():
    a, b = normal(0, 20), normal(1, 20) + 0.4
    found = paired(float(a.mean()), float(b.mean()), of_mean(a), of_mean(b))
    expected = scipy.stats.ttest_rel(a, b)
    low, high = expected.confidence_interval()
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high, found.df) == (pytest.approx(low), pytest.approx(high), 19)


def test_the_corrected_test_of_splits_is_nadeau_and_bengios():
    a, b = normal(0, 10), normal(1, 10)
    found, d = paired(float(a.mean()), float(b.mean()), of_splits(a), of_splits(b)), (a - b).numpy()
    t = d.mean() / np.sqrt((1 / 10 + 1 / 9) * d.var(ddof=1))
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(abs(t), 9))


@given(seed=seeds)
def test_the_paired_test_does_not_know_who_is_first(seed):
    a, b = normal(seed, 10), normal(seed + 1, 10)
    one = paired(float(a.mean()), float(b.mean()), of_splits(a), of_splits(b))
    other = paired(float(b.mean()), float(a.mean()), of_splits(b), of_splits(a))
    assert (other.delta, other.low, other.high) == (-one.delta, -one.high, -one.low)
    assert (other.p, other.se) == (one.p, one.se)


def test_a_model_is_not_told_from_itself():
    x = of_splits(torch.zeros(10, dtype=torch.float64))
    assert paired(0.0, 0.0, x, x).p == 1.0


@pytest.mark.parametrize("rounding", [0.0, 1e-17])
def test_replicates_that_all_differ_by_the_same_are_no_evidence(rounding):
    x = torch.zeros(10, dtype=torch.float64)
    higher = x + 1e-3
    higher[3] += rounding
    with pytest.raises(MetricError, match=r"differ by 0\.001 on every sample"):
        paired(1e-3, 0.0, of_splits(higher), of_splits(x))


def test_a_difference_says_what_was_resampled():
    a, b = of_splits(normal(0, 10)), of_splits(normal(1, 10))
    neuroid = Replicates("bootstrap", "neuroid", normal(2, 30).numpy(), 12)
    assert paired(0.5, 0.4, a, b).over == ("stimulus",)
    both = ({**one, "neuroid": neuroid} for one in (a, b))
    assert paired(0.5, 0.4, *both).over == ("stimulus", "neuroid")


def test_models_are_not_told_apart_by_neuroids_where_stimuli_should_have_been_a_sample():
    asked = {"neuroid": Replicates("bootstrap", "neuroid", normal(0, 30).numpy(), 12)}
    other = {"neuroid": replace(asked["neuroid"], values=normal(1, 30).numpy())}
    alone = [{"neuroid": replace(one["neuroid"], alone=True)} for one in (asked, other)]
    assert 0 < paired(0.5, 0.4, asked, other).p < 1
    assert not interval(0.5, asked).without_stimuli
    assert interval(0.5, alone[0]).without_stimuli
    said = (
        r"^how far these scores .* was not measured: score again with --brainscore-intervals refit, or write"
    )
    with pytest.raises(MetricError, match=said):
        paired(0.5, 0.4, *alone)
