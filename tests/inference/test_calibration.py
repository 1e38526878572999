"""A few of the simulations of tests/slow/calibration.py: intervals are neither half nor twice as wide."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytest_brainscore.inference.sampling import Sampling
from tests.slow.calibration import Outcome, outcome, trial
from tests.slow.population import BATCHED, CASES, draw
from tests.slow.shipped import SHIPPED

NAMED = {case.name: case for case in CASES}


@pytest.fixture(scope="module", params=["rdm", "cka"])
def few(request) -> Outcome:
    return outcome(NAMED[request.param], both=False, simulations=40)


def test_standard_errors_are_as_large_as_the_scores_vary(few):
    assert 0.7 < few.breadth < 1.4


def test_intervals_hold_the_true_score(few):
    assert few.covered >= 34


def test_few_equal_models_are_told_apart(few):
    assert few.rejected <= 6


def test_splits_are_as_wide_as_the_scores_vary():
    case = NAMED["ridge, 10 splits"]
    trials = tuple(trial(case, False, seed) for seed in range(40))
    assert 0.7 < Outcome(case, False, float("nan"), trials).breadth < 1.4


@pytest.mark.parametrize(
    ("name", "factors", "samples"),
    [
        ("shipped encoding, two halves", {"neuroid"}, 1000),
        ("shipped ridge, 5 folds", {"stimulus"}, 5),
        ("shipped rdm, Spearman", {"stimulus"}, 20 + 45),
        ("shipped cka, 6 groups", {"stimulus"}, 6 + 15),
    ],
)
def test_shipped_cases_go_the_way_of_a_benchmark(name, factors, samples):
    case = next(case for case in SHIPPED if case.name == name)
    data = draw(case.n, 8, 5, new_neuroids=case.new_neuroids)
    sampled = case.sampled(data.a, data.y, Sampling("k"), case.new_neuroids)
    assert set(sampled) == factors
    (made,) = sampled.values()
    assert (len(made.values), made.count) == (samples, 8 if factors == {"neuroid"} else case.n)
    assert abs(made.values.mean() - case.raw(data.a, data.y)) < 0.05


def test_another_seed_draws_other_data():
    one, same, other = (outcome(NAMED["cka"], False, 2, seed) for seed in (1, 1, 2))
    assert one.trials == same.trials
    assert {trial.raw for trial in one.trials}.isdisjoint(trial.raw for trial in other.trials)


@pytest.mark.parametrize("name", ["rdm", "cka"])
def test_all_samples_at_once_score_as_the_metric_does(name):
    case = NAMED[name]
    data = draw(case.n, case.m, 5, new_neuroids=False)
    masks = torch.ones(2, case.n, dtype=torch.float64)
    masks[1, ::5] = 0
    rows = masks[1].nonzero().flatten()
    expected = [case.raw(data.a, data.y), case.raw(data.a[rows], data.y[rows])]
    assert BATCHED[name](data.a, data.y, masks).numpy() == pytest.approx(np.array(expected))
