"""Choices from a reader of the user's own, scored by pytest beside responses to the same images."""

from __future__ import annotations

import pytest

from .conftest import draw_images
from .test_results import read_run

READER = """
from pathlib import Path

import numpy as np

from pytest_brainscore.data.opening import from_arrays, from_trials


def read(dataset, fetch, cache):
    images = sorted(Path(__file__).parent.glob("benchmarks/pictures/*.png"))
    rng, n, k = np.random.RandomState(0), len(images), 4000
    objects = np.array(["dog", "cat", "bear"])[np.arange(n) % 3]
    if dataset.id == "Spikes":
        return from_arrays(images, rng.randn(n, 5, 4), region="IT")
    rows = rng.randint(0, n, k)
    other = np.array([rng.choice([o for o in ("dog", "cat", "bear") if o != objects[row]]) for row in rows])
    wrong = rng.rand(k) < rng.uniform(0, 0.6, (n, 3))[rows, rng.randint(0, 3, k)]
    trials = {
        "stimulus": [images[row].stem for row in rows],
        "truth": objects[rows],
        "distractor": other,
        "choice": np.where(wrong, other, objects[rows]),
    }
    return from_trials(images, trials, coords={"object_name": objects})
"""

BENCHMARKS = """
datasets:
  - {id: Choices, reader: "trials:read", stimuli: {folder: pictures}}
  - {id: Spikes, reader: "trials:read", stimuli: {folder: pictures}}
benchmarks:
  - dataset: Choices
    region: behaviour
    metric: i2n
    readout: {label: object_name}
    ceiling: {name: constant, value: 0.64}
  - {dataset: Choices, region: behaviour, metric: i1, ceiling: internal_consistency}
  - {dataset: Spikes, region: IT, metric: {name: ridge, alpha: 1.0}}
"""


@pytest.fixture
def choices(project):
    draw_images(project.root / "benchmarks" / "pictures", n=30)
    project.write("trials.py", READER)
    project.write("benchmarks/choices.yaml", BENCHMARKS)
    models = (project.root / "models.yaml").read_text()
    project.write("models.yaml", models.replace("layer_source:", 'readout: "1"\n  layer_source:', 1))
    return project


def test_behaviour_by_pytest(choices):
    result = choices.run("--models", "small,untrained:wide_vit", "benchmarks/choices.yaml", "-v")
    assert result.parseoutcomes() == {"passed": 6}
    result.stdout.fnmatch_lines(["*2 model(s) x 3 benchmark(s): 6 item(s), at most 2 forward pass(es)"])
    _, rows, _ = read_run(choices)
    by_id = {(row["benchmark"], row["model"]): row for row in rows}
    row = by_id["Choices.behaviour-i2n", "small"]
    assert (row["region"], row["metric"], row["layer"]) == ("behaviour", "i2n", "1")
    assert row["layer_source"] == "the readout of models.yaml"
    assert row["raw"] == pytest.approx(sum(row["splits"]) / 2)
    assert row["ceiled"] == pytest.approx(row["raw"] / 0.8)
    assert -1 <= row["raw"] <= 1
    assert row["also"]["accuracy"] > 1 / 3
    assert row["also"]["subjects_accuracy"] == pytest.approx(0.7, abs=0.05)
    assert row["stimuli"] == 30
    assert by_id["Choices.behaviour-i1", "small"]["ceiling"] is not None
    twin = by_id["Choices.behaviour-i2n", "wide_vit_untrained"]
    assert twin["layer_source"].startswith("for want of a readout")
    assert twin["layer"] == "3"


def test_images_are_shown_once_for_choices_and_responses(choices):
    choices.run("--models", "small", "benchmarks/choices.yaml")
    _, rows, _ = read_run(choices)
    assert len(rows) == 3
    assert len({row["digests"]["stimuli"] for row in rows}) == 1
    assert len({row["seconds"]["forward"] for row in rows}) == 1
    assert not any(row["cache_hit"] for row in rows)


def test_a_metric_of_the_wrong_kind_is_an_error_with_its_line(choices):
    choices.write(
        "benchmarks/choices.yaml",
        BENCHMARKS.replace("metric: i1,", "metric: ridge,").replace(
            "region: behaviour, metric: ridge, ceiling: internal_consistency",
            "region: behaviour, metric: ridge",
        ),
    )
    result = choices.run("--models", "small", "benchmarks/choices.yaml")
    assert result.parseoutcomes() == {"passed": 2, "errors": 1}
    result.stdout.fnmatch_lines(
        ["*are choices, which ridge cannot use: use i1, i1n, i2, i2n or o2 (choices.yaml:*"]
    )
