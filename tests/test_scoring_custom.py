"""A metric of the user's own: what it may hand back, and what is said where it cannot be called or breaks."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from pytest_brainscore import scoring
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.errors import MetricError, WorkError
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
def no_splits(x, y): return 0.1
def with_k(x, y, splits, *, k=1): return 0.1 * k
def asks(x, y, splits, *, shift): return shift
def breaks(x, y, splits):
    return inner(x)
def inner(x): return x[:, 99]
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


@pytest.mark.parametrize(
    ("function", "parameters", "said"),
    [
        ("no_splits", {}, r":15: no_splits\(x, y\): too many .*; no_splits\(x, y, splits\) is due"),
        ("with_k", {"kk": 2}, r":16: with_k\(x, y, splits, \*, k=1\): .*'kk'; did you mean k\?$"),
        ("asks", {}, r":17: asks\(x, y, splits, \*, shift\): missing .*'shift'; asks\(x, y, splits\) is"),
    ],
)
def test_a_signature_that_does_not_fit_is_one_line_with_its_place(root, function, parameters, said):
    with pytest.raises(MetricError, match=rf"^own_metrics:{function}, {root}/own_metrics.py{said}"):
        score(root, function, **parameters)


def test_what_a_metric_raises_is_told_at_the_line_that_did_with_the_frames_of_the_user(root):
    with pytest.raises(WorkError) as told:
        score(root, "breaks")
    first, *frames = str(told.value).splitlines()
    assert first.startswith(f"own_metrics:breaks, {root}/own_metrics.py:20: IndexError: index 99 is out")
    assert [line.split(", ")[1:] for line in frames if "File" in line] == [
        ["line 19", "in breaks"],
        ["line 20", "in inner"],
    ]
    assert score(root, "with_k", k=3).raw == pytest.approx(0.3)
