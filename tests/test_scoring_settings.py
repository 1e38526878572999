"""What a metric was set to, in scores and in rows; what a reader should know of it, in notes."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from pytest_brainscore import scoring
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.harness.records.rows import scored, unscored
from pytest_brainscore.metrics.measurement import Measurement
from pytest_brainscore.metrics.scaling import scaled
from pytest_brainscore.metrics.splits import alternate
from pytest_brainscore.scoring.settings import at_lowest, settings
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated

from .strategies import normal

N, UNITS = 60, 21
PROJECTION = {"eps": 0.1, "seed": 0, "matrix": "counter"}
RIDGE = {"features": PROJECTION, "criterion": "squared_error", "grid": "nominal"}
HALVES = {"halves": "alternate"}


def benchmark(metric, **entry) -> Benchmark:
    return validated(Benchmark, {"region": "IT", "metric": metric, "splits": HALVES, **entry}, "test")


def target(asked: Benchmark, y: torch.Tensor) -> scoring.Target:
    images = list(np.random.RandomState(0).randint(0, 256, (N, 4, 4, 3), np.uint8))
    found = scoring.target(asked, "IT", from_arrays(images, y.numpy(), region="IT"), torch.device("cpu"))
    assert isinstance(found, scoring.Target)
    return found


def score(metric, x: torch.Tensor, y: torch.Tensor, **entry):
    asked = benchmark(metric, **entry)
    return scoring.score(asked, x, target(asked, y), Registry())


def nearly_silent() -> tuple[torch.Tensor, torch.Tensor]:
    """Units (n, 21) and 8 neuroids; the last unit answers to two of the test stimuli alone."""
    x = normal(0, N, UNITS)
    y = x @ normal(1, UNITS, 8) + normal(2, N, 8)
    x[:, -1] *= 1e-3
    x[[11, 41], -1] = torch.tensor([1.0, -2.0], dtype=torch.float64)
    return x, y


def z_scored(x: torch.Tensor) -> torch.Tensor:
    """As `features: units` has it before the metric sees it."""
    (split,) = alternate(N)
    return torch.cat(scaled(x, split, "units"))[torch.cat([split.train, split.test]).argsort()]


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("encoding", RIDGE),
        ({"name": "versa", "comparison": "spearman"}, {**RIDGE, "comparison": "spearman"}),
        (
            {"name": "encoding", "features": "units", "alphas": [2]},
            {**RIDGE, "features": "units", "alphas": [2]},
        ),
        ("pls", {}),
        ({"name": "pls", "components": 9, "subjects": "pooled"}, {"components": 9, "subjects": "pooled"}),
        ({"name": "own.code:likeness", "cut": float("inf"), "of": [1]}, {"cut": None, "of": [1]}),
    ],
    ids=str,
)
def test_settings_are_what_is_not_the_default_and_the_terms_of_a_ridge_regression(metric, said):
    assert benchmark(metric).metric.settings() == said


def test_a_grid_as_released_is_the_studys_times_the_training_stimuli():
    x, y = normal(0, N, UNITS), normal(1, N, 8)
    found = score({"name": "encoding", "grid": "released", "criterion": "pearson"}, x, y)
    terms = {**RIDGE, "grid": "released", "criterion": "pearson", "alphas_used": [3.0, 3_000_000.0]}
    assert found.settings == found.to_json()["settings"] == terms
    assert "ridge grid as released: alphas times 30 training stimuli, 3 to 3e+06" in found.notes
    own = score({"name": "versa", "grid": "released", "alphas": [10, 0.5]}, x, y, splits={"folds": 4})
    assert own.settings["alphas_used"] == [22.5, 450.0]
    assert "ridge grid as released: alphas times 45 training stimuli, 22.5 to 450" in own.notes
    assert score("encoding", x, y).settings["alphas_used"] == [0.1, 10_000_000.0]
    assert not [note for note in score("encoding", x, y).notes if "released" in note]


@pytest.mark.parametrize("name", ["encoding", "versa"])
def test_test_stimuli_that_lie_far_outside_of_training_are_a_warning(name):
    x, y = nearly_silent()
    units = {"name": name, "features": "units"}
    found = score(units, z_scored(x), y)
    said = (
        "warning: 2 of 30 test stimuli decide this, far outside of the training stimuli: units nearly silent"
    )
    assert [note for note in found.notes if note.startswith(said)] == [
        f"{said} in training; use `features: projection` or `exact`"
    ]
    assert found.also["far_stimuli"] == 2
    exact = score({"name": name, "features": "exact"}, x, y)
    assert exact.also["far_stimuli"] == 0
    x[:, -1] = 1.0  # silent through and through: nothing to warn of
    for fine in (exact, score(units, z_scored(x), y)):
        assert not [note for note in fine.notes if "far outside" in note]


def test_units_that_vary_by_rounding_alone_carry_nothing():
    x, _ = nearly_silent()
    rounding = torch.linspace(-1, 1, N, dtype=torch.float64) * 2**-23
    for large, silent in ((1.0, True), (1e-3, False)):
        x[:, -1] = large + rounding
        assert bool((z_scored(x)[:, -1] == 0).all()) is silent


def test_many_neuroids_at_the_lowest_alpha_are_a_warning():
    layer = Measurement(torch.ones(1, 21), {"at_lowest": torch.eye(21)[:1]})
    assert at_lowest(layer, 0.5) == ()
    layer.also["at_lowest"][0, 1:3] = torch.tensor([1.0, torch.nan])
    assert at_lowest(layer, 0.5)[0].startswith(
        "warning: 10.0% of the neuroids took the lowest alpha (0.5): a wider grid"
    )


def test_predictions_without_a_regression_have_no_settings_of_one():
    asked = benchmark("encoding")
    assert settings(asked.metric, Measurement(torch.ones(1, 8)), target(asked, normal(1, N, 8))) == {}


def test_rows_say_the_settings(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "dataset: {id: Own, reader: arrays, stimuli: {images: i}, recordings: {file: r.npy, region: IT}}\n"
        "benchmarks:\n"
        "  - {region: IT, metric: {name: encoding, grid: released}, splits: {halves: alternate},"
        " ceiling: {name: constant, value: 0.5}, clip: [0, 1]}\n"
    )
    (case,) = load_cases(path)
    x, y = normal(0, N, UNITS), normal(1, N, 8)
    found = scoring.score(case.benchmark, x, target(case.benchmark, y), Registry())
    model = Model(id="small", source="nets:small", layers={"IT": "second"})
    row = json.loads(scored(case, model, "node", found).model_dump_json())
    terms = {**RIDGE, "grid": "released"}
    assert row["settings"] == {**terms, "alphas_used": [3.0, 3_000_000.0]}
    assert any(note.startswith("ridge grid as released") for note in row["notes"])
    assert unscored(case, "small", "node", None, "error", "why").settings == terms
    assert (row["ceiling_kind"], row["ceiling_settings"]) == ("constant", {"value": 0.5})
    assert row["clip"] == [0.0, 1.0]
