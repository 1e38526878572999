"""What encoding and veRSA see of a layer, as YAML says it."""

from __future__ import annotations

import pytest

from pytest_brainscore.commitment.views import sees
from pytest_brainscore.errors import SpecError
from pytest_brainscore.models.kinds import COORDINATES, Kind
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.validation import validated
from pytest_brainscore.specs.views import Projection


def benchmark(metric, **entry) -> Benchmark:
    return validated(Benchmark, {"region": "IT", "metric": metric, **entry}, "test")


@pytest.mark.parametrize("name", ["encoding", "versa"])
def test_each_kind_of_features_is_scaled_once(name):
    """Units are z-scored when their coordinates are made, projections by the metric."""
    other = {"components": 50, "matrix": "sklearn"}
    told = {
        "default": benchmark(name).metric,
        **{word: benchmark({"name": name, "features": word}).metric for word in ("exact", "units")},
        "other": benchmark({"name": name, "features": other}).metric,
    }
    scales = {word: metric.parameters()["scale"] for word, metric in told.items()}
    assert scales == {"default": "units", "exact": "whole", "units": "none", "other": "units"}
    assert sees(told["default"]) == Kind("projection", projection=Projection())
    assert sees(told["other"]) == Kind("projection", projection=Projection(**other))
    assert sees(told["exact"]) == COORDINATES
    assert benchmark({"name": name, "features": "projection"}).metric == told["default"]


def test_principal_components_are_scaled_as_a_whole():
    """Z-scored, each component would weigh as much as the first."""
    assert benchmark({"name": "encoding", "features": "exact"}, pca=10).pca.n == 10
    for features in ("projection", "units"):
        with pytest.raises(SpecError, match="projects or z-scores them itself: write `features: exact`"):
            benchmark({"name": "encoding", "features": features}, pca=10)
    assert benchmark("crsa", pca=10).pca.n == 10
