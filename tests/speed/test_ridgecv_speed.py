"""Seconds of ridgecv, for pytest-benchmark; ridgecv.py measures it beside scikit-learn's."""

from __future__ import annotations

import pytest

from pytest_brainscore.metrics.predictivity import ridgecv
from pytest_brainscore.metrics.splits import shuffle
from tests.speed.ridgecv import STIMULI, problem


@pytest.mark.benchmark(group="960 x 961 x 96, 99 alphas, 1 split")
def test_ridgecv(benchmark):
    x, y = problem(96)
    splits = shuffle(STIMULI, n_splits=1, train=0.9, seed=1)
    measured = benchmark.pedantic(ridgecv, (x, y, splits), rounds=1)
    assert measured.values.shape == (1, 96)
