"""Intervals of a run, and the command that tests its models in pairs."""

from __future__ import annotations

import json

import pytest
import xarray as xr

from pytest_brainscore import pairs
from pytest_brainscore.__main__ import main

from .test_results import read_run

TWIN = """
twin:
  source: nets:small
  arguments: {seed: 0}
  layers: {V4: "1", IT: "3"}
  preprocess: {size: 32}
"""


def test_a_run_leaves_intervals_and_replicates_and_pairs_reads_them(project, capsys):
    models = project.root / "models.yaml"
    models.write_text(models.read_text(encoding="utf-8") + TWIN, encoding="utf-8")
    assert project.run("--models", "small,twin,wide_vit").parseoutcomes() == {"passed": 3}
    folder, _, document = read_run(project)
    row = document["results"][0]
    assert row["interval"]["low"] < row["raw"] < row["interval"]["high"]
    assert row["interval"]["over"] == ["stimulus", "neuroid"]
    assert row["ceiled_interval"]["low"] < row["ceiled"] < row["ceiled_interval"]["high"]
    with xr.open_dataset(folder / row["values"], engine="h5netcdf") as values:
        assert values["replicates_stimulus"].values == pytest.approx(row["splits"])
        assert values["replicates_stimulus"].attrs["of"] == len(row["splits"])
        assert values["shared_stimulus"].dims == values["replicates_stimulus"].dims
        assert values["replicates_neuroid"].attrs["count"] == 6
        assert len(values["replicates_stimulus"].attrs["key"]) == 64
    found = {frozenset((pair.a, pair.b)): pair for pair in pairs(folder).pairs}
    same = found[frozenset(("small", "twin"))]
    assert (same.delta, same.p) == (0, 1)
    other = found[frozenset(("small", "wide_vit"))]
    assert other.low < other.delta < other.high
    assert 0 < other.p < 1
    main(["pairs", str(folder), "--benchmark", "*.IT-ridge"])
    said = capsys.readouterr().out
    assert "Own.IT-ridge: 3 models, over stimulus and neuroid" in said
    assert "cannot be told from" in said
    main(["pairs", str(folder), "--json", "--correct", "fdr"])
    assert len(json.loads(capsys.readouterr().out)["pairs"]) == 3


def test_intervals_can_be_left_out_of_a_run_or_be_of_new_fits(project):
    words = ("--models", "small", "--brainscore-json", "copy.json")
    off = project.run(*words, "--brainscore-intervals", "off")
    assert off.parseoutcomes() == {"passed": 1}
    (before,) = json.loads((project.root / "copy.json").read_text())["results"]
    assert before["interval"] is None
    project.write("pytest.ini", "[pytest]\nbrainscore_intervals = refit\n")
    assert project.run(*words).parseoutcomes() == {"passed": 1}
    (after,) = json.loads((project.root / "copy.json").read_text())["results"]
    assert after["interval"]["refit"] is True
    assert after["raw"] == before["raw"]
    assert after["digests"] == before["digests"]
    wrong = project.run("--models", "small", "--brainscore-intervals", "refitt")
    wrong.stderr.fnmatch_lines(["*brainscore_intervals: refitt is none of stored, refit, off*"])
