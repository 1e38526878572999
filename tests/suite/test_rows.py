"""Tiny data of a few shipped files through pytest: rows of results.json have the workbench's scores."""

from __future__ import annotations

import inspect
import json
import shutil

import pytest
import yaml

from tests.acceptance.conftest import run

from . import network
from .conftest import MODEL

NAMES = (
    "papale2025.yaml",
    "coggan2024_fmri.yaml",
    "rajalingham2018.private.yaml",
    "geirhos2021.edge.yaml",
    "majajhong2015.temporal.public.yaml",
)


@pytest.mark.timeout(300)
def test_rows_are_the_scores_of_the_workbench(bench, pytester):
    due = {one.case.name: one for name in NAMES for one in bench.scored(name).values()}
    folder = pytester.mkdir("benchmarks")
    for name in NAMES:
        shutil.copy(bench.folder / name, folder)
    (pytester.path / "nets.py").write_text(inspect.getsource(network))
    entry = MODEL.model_dump(mode="json", exclude={"id"}, exclude_defaults=True) | {"source": "nets:tiny"}
    (pytester.path / "models.yaml").write_text(yaml.safe_dump({"tiny": entry}))
    result = run("-p", "no:cacheprovider", "--models=tiny", "--brainscore-offline")
    result.assert_outcomes(passed=len(due))
    (path,) = (pytester.path / "reports").glob("*/results.json")
    rows = {row["benchmark"]: row for row in json.loads(path.read_text())["results"]}
    assert set(rows) == set(due)
    for name, one in due.items():
        figures = one.score.to_json()
        found = {key: rows[name][key] for key in ("raw", "ceiling", "ceiled", "normalise", "targets", "over")}
        assert found == {key: pytest.approx(figures[key], abs=1e-9) for key in found}, name
        dataset = one.case.dataset
        said = (dataset.id, dataset.species, one.case.region, one.case.metric, one.score.about["stimuli"])
        assert tuple(rows[name][k] for k in ("dataset", "species", "region", "metric", "stimuli")) == said
