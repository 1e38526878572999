"""The embedded example: a trained network is more like the simulated brain than its twins."""

from __future__ import annotations

import json
import math
import os
import re
from functools import partial

import pytest

from pytest_brainscore import suite
from pytest_brainscore.analysis.composites import compose
from pytest_brainscore.report.composites import lacks, titles
from pytest_brainscore.report.table import table
from pytest_brainscore.specs.composites import load_composites
from pytest_brainscore.specs.results import Row
from pytest_brainscore.suite.composites import species
from tests.conftest import ROOT

from .starter import started

_NUMBER = re.compile(r"-?\d+\.\d+")
TWINS = ["untrained:smallnet", *(f"untrained{seed}:smallnet" for seed in range(1, 5))]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Rows of smallnet and five untrained twins on the shipped benchmarks, by benchmark and model."""
    folder = tmp_path_factory.mktemp("simulated")
    models = ",".join(["smallnet", *TWINS])
    words = ["-q", "-p", "no:cacheprovider", f"--models={models}", "--brainscore-offline"]
    chosen = ["-k", "Simulated and (IT-pls or behaviour)", f"--brainscore-reports={folder}"]
    json_file = folder / "results.json"
    environment = {**os.environ, "BRAINSCORE_CACHE": str(folder / "cache")}
    ended = started([*words, *chosen, f"--brainscore-json={json_file}"], ROOT, environment)
    assert ended.code == 0, ended.out + ended.err
    found = json.loads(json_file.read_text("utf-8"))["results"]
    return {(row["benchmark"], row["model"]): row for row in found}


@pytest.mark.parametrize("name", ["Simulated.IT-pls", "Simulated.choices.behaviour-i2n"])
def test_trained_is_above_the_best_of_five_untrained_seeds(rows, name):
    trained = rows[name, "smallnet"]
    twins = [row for (benchmark, model), row in rows.items() if benchmark == name and model != "smallnet"]
    assert len(twins) == len(TWINS)
    best = max(twins, key=lambda row: row["raw"])
    assert trained["raw"] - best["raw"] > 3 * math.hypot(trained["error"], best["error"])
    assert trained["raw"] - best["raw"] > 3 * _spread([row["raw"] for row in twins]) / math.sqrt(len(twins))


def test_it_is_called_simulated_wherever_it_stands(rows):
    assert all("Simulated" in row["benchmark"] and "Simulated" in row["dataset"] for row in rows.values())
    assert all("simulated recordings: no brain was measured" in row["notes"] for row in rows.values())


def _spread(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def test_the_composites_of_the_docs_are_those_of_these_scores(rows, tmp_path):
    text = (ROOT / "docs" / "composites.md").read_text("utf-8")
    (tmp_path / "docs.yaml").write_text(text.split("```yaml\n")[1].split("```")[0])
    printed = text.split("```\n")[2].splitlines()
    models = ("smallnet", "smallnet_untrained")
    two = [Row.model_validate_json(json.dumps(row)) for row in rows.values() if row["model"] in models]
    spec = load_composites(tmp_path / "docs.yaml").values()
    composed = compose(spec, two, partial(species, [suite.benchmarks()]))
    shown = [*table(two, 100, composed), *titles(composed), *lacks(composed)]
    assert [_NUMBER.sub("#", line) for line in shown] == [_NUMBER.sub("#", line) for line in printed]
    for ours, theirs in zip(shown, printed, strict=True):
        numbers = [[float(number) for number in _NUMBER.findall(line)] for line in (ours, theirs)]
        assert numbers[0] == pytest.approx(numbers[1], abs=0.002)
