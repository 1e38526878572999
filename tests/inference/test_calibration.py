"""A few of the simulations of tests/slow/calibration.py: intervals are neither half nor twice as wide."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.slow.calibration import Outcome, outcome, trial
from tests.slow.population import BATCHED, CASES, draw

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


@pytest.mark.parametrize("name", ["rdm", "cka"])
def test_all_samples_at_once_score_as_the_metric_does(name):
    case = NAMED[name]
    data = draw(case.n, case.m, 5, new_neuroids=False)
    masks = torch.ones(2, case.n, dtype=torch.float64)
    masks[1, ::5] = 0
    rows = masks[1].nonzero().flatten()
    expected = [case.raw(data.a, data.y), case.raw(data.a[rows], data.y[rows])]
    assert BATCHED[name](data.a, data.y, masks).numpy() == pytest.approx(np.array(expected))
