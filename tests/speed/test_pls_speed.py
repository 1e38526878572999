"""Seconds of PLS, for pytest-benchmark; side_by_side.py measures it beside others' and prints the ratios."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_brainscore.metrics.predictivity import pls
from pytest_brainscore.models.coordinates import coordinates_of
from tests.speed.problems import Problem, of_brainscore_size, squeezenet_on_v4


@pytest.fixture(scope="module")
def layer(shared: Path, request: pytest.FixtureRequest) -> Problem:
    if not request.config.getoption("benchmark_only"):
        pytest.skip("640 images are shown for it: --benchmark-only measures it; test_real.py holds its score")
    return squeezenet_on_v4(shared)


@pytest.mark.benchmark(group="640 x 86,528 x 50, 10 splits")
def test_coordinates_and_pls(benchmark, layer):
    measured = benchmark.pedantic(lambda: pls(coordinates_of(layer.x), layer.y, layer.splits), rounds=1)
    assert measured.raw() == pytest.approx(0.547306, abs=1e-5)  # parity/real.yaml, pls_exact


@pytest.mark.benchmark(group="640 x 86,528 x 50, 10 splits")
def test_pls_on_coordinates(benchmark, layer):
    x = coordinates_of(layer.x)
    assert benchmark(pls, x, layer.y, layer.splits).values.shape == (10, 50)


@pytest.mark.benchmark(group="2,560 x 1,000 x 168, 10 splits")
def test_pls_of_brainscore_size(benchmark):
    problem = of_brainscore_size()
    measured = benchmark.pedantic(pls, (problem.x, problem.y, problem.splits), rounds=1)
    assert measured.values.shape == (10, 168)
