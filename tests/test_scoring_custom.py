"""A metric of the user's own: what it may hand back."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from pytest_brainscore import scoring
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.errors import MetricError
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated

N, UNITS, NEUROIDS, SPLITS = 24, 5, 7, 4
METRICS = """\
import torch

from pytest_brainscore.metrics.measurement import Measurement

def neuroids(x, y, splits): return torch.stack([torch.arange(7.0) + i for i, _ in enumerate(splits)])
def transposed(x, y, splits): return neuroids(x, y, splits).T
def one_each(x, y, splits): return neuroids(x, y, splits)[0]
def fewer(x, y, splits): return neuroids(x, y, splits)[1:]
def single(x, y, splits): return 0.25
def whole(x, y, splits): return torch.arange(7.0)[None]
def nothing(x, y, splits): return None
def ragged(x, y, splits): return [[0.1], [0.2, 0.3]]
def own_splits(x, y, splits): return Measurement(neuroids(x, y, splits)[:3])
def measured(x, y, splits): return Measurement(transposed(x, y, splits))
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "own_metrics.py").write_text(METRICS)
    yield tmp_path
    sys.modules.pop("own_metrics", None)


def score(root, function, **parameters):
    rng = np.random.RandomState(0)
    metric = {"name": f"own_metrics:{function}", **parameters}
    entry = {"region": "IT", "metric": metric, "splits": {"n": SPLITS, "train": 0.75, "seed": 1}}
    benchmark = validated(Benchmark, entry, "test")
    images = [rng.randint(0, 256, (4, 4, 3), dtype=np.uint8) for _ in range(N)]
    recordings = from_arrays(images, rng.randn(N, NEUROIDS), region="IT")
    target = scoring.target(benchmark, "IT", recordings, torch.device("cpu"))
    return scoring.score(benchmark, torch.as_tensor(rng.randn(N, UNITS)), target, Registry(root))


@pytest.mark.parametrize(
    ("function", "raw", "shape"),
    [
        ("neuroids", 4.5, (SPLITS, NEUROIDS)),
        ("single", 0.25, (1, 1)),
        ("whole", 3.0, (1, NEUROIDS)),
        ("own_splits", 4.0, (3, NEUROIDS)),
    ],
)
def test_splits_by_neuroids_one_row_and_a_number_are_scores(root, function, raw, shape):
    found = score(root, function)
    assert found.raw == pytest.approx(raw)
    assert found.values.shape == shape


@pytest.mark.parametrize(
    ("function", "got"),
    [
        ("transposed", r"\(7, 4\)"),
        ("one_each", r"\(7,\)"),
        ("fewer", r"\(3, 7\)"),
        ("nothing", "NoneType"),
        ("ragged", "list"),
        ("measured", r"values \(7, 4\), a row for each neuroid"),
    ],
)
def test_what_is_not_by_split_is_refused_with_the_shape_that_is_due(root, function, got):
    due = rf"own_metrics:{function} returns {got}: \(4, 7\) is due, splits by neuroids, or \(4,\), or one"
    with pytest.raises(MetricError, match=due):
        score(root, function)
