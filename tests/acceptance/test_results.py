"""What a run leaves: results.jsonl, results.json, netCDF, JUnit, the verbose line and the table."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET

import jsonschema
import pytest
import xarray as xr

WORKERS = [(), ("-n", "2")]


def read_run(project):
    (folder,) = (project.root / "reports").iterdir()
    lines = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    return folder, lines, json.loads((folder / "results.json").read_text())


@pytest.mark.parametrize("workers", WORKERS)
def test_rows_and_document(project, workers):
    result = project.run("--models", "small,untrained:wide_vit", "--brainscore-json", "copy.json", *workers)
    assert result.parseoutcomes() == {"passed": 2}
    _, lines, document = read_run(project)
    assert [row["model"] for row in document["results"]] == ["small", "wide_vit_untrained"]
    assert document["complete"] is True
    assert document["results"] == sorted(lines, key=lambda row: row["model"])
    assert json.loads((project.root / "copy.json").read_text()) == document
    row = next(row for row in lines if row["model"] == "small")
    assert (row["benchmark"], row["region"], row["metric"]) == ("Own.IT-ridge", "IT", "ridge")
    assert (row["layer"], row["layer_source"], row["stimuli"]) == ("3", "chosen by hand", 20)
    assert row["raw"] == pytest.approx(sum(row["splits"]) / 4)
    assert 0 < row["ceiling"] <= 1
    assert row["ceiled"] == pytest.approx(row["raw"] * abs(row["raw"]) / row["ceiling"])
    assert set(row["digests"]) == {"weights", "architecture", "preprocess", "stimuli", "recordings", "spec"}
    assert set(row["seconds"]) == {"fetch", "build", "forward", "coordinates", "target", "metric"}
    assert row["targets"] == 6
    assert row["versions"]["torch"]


def test_the_document_keeps_to_the_published_schema(project):
    project.run("--models", "small,nets:missing")
    _, _, document = read_run(project)
    printed = project.pytester.run(
        sys.executable, "-m", "pytest_brainscore", "schema", "results"
    ).stdout.str()
    jsonschema.validate(document, json.loads(printed))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "results": [{"model": "small"}]}, json.loads(printed))


@pytest.mark.parametrize("workers", WORKERS)
def test_values_lie_beside_as_netcdf(project, workers):
    project.run("--models", "small", *workers)
    folder, (row,), _ = read_run(project)
    values = xr.load_dataset(folder / row["values"], engine="h5netcdf")["score"]
    assert values.dims == ("split", "neuroid")
    assert values.shape == (4, 6)
    assert values.median("neuroid").mean() == pytest.approx(row["raw"])
    assert values.attrs["raw"] == pytest.approx(row["raw"])


@pytest.mark.parametrize("workers", WORKERS)
def test_junit_has_flat_properties(project, workers):
    project.run("--models", "small", "--junitxml", "junit.xml", *workers)
    case = ET.parse(project.root / "junit.xml").find(".//testcase")
    properties = {p.get("name"): p.get("value") for p in case.iter("property")}
    _, (row,), _ = read_run(project)
    assert float(properties["raw"]) == row["raw"]
    assert properties["benchmark"] == "Own.IT-ridge"
    assert properties["layer"] == "3"


def test_verbose_line_and_table(project):
    result = project.run("--models", "small", "-v")
    _, (row,), _ = read_run(project)
    result.stdout.fnmatch_lines(
        [
            f"benchmarks/own.yaml::IT-ridge::small PASSED {row['raw']:.4f} ±{row['error']:.4f}*",
            "*= brain scores =*",
            "*ceiling *small",
            f"Own.IT-ridge *{row['ceiling']:.3f} *{row['raw']:.3f} → {row['ceiled']:.3f}",
            "small: no `weights` given: *",
            "results: *results.json",
        ]
    )


def test_nothing_is_written_where_no_item_ran(project):
    project.run("--models", "small", "-k", "nothing_of_this_name")
    project.run("--models", "small", "--collect-only")
    assert not (project.root / "reports").exists()


def test_activations_are_computed_once(project):
    project.run("--models", "small")
    project.run("--models", "small", "--brainscore-reports", "again")
    (folder,) = (project.root / "again").iterdir()
    row = json.loads((folder / "results.jsonl").read_text())
    assert row["cache_hit"] is True
    _, (first,), _ = read_run(project)
    assert first["cache_hit"] is False
    assert row["raw"] == first["raw"]


def test_another_network_under_the_same_name_is_not_mistaken_for_the_first(project):
    project.run("--models", "small")
    _, (first,), _ = read_run(project)
    nets = (project.root / "nets.py").read_text()
    (project.root / "nets.py").write_text(nets.replace("first, nn.ReLU()", "first, nn.Tanh()"))
    project.run("--models", "small", "--brainscore-reports", "again")
    (folder,) = (project.root / "again").iterdir()
    row = json.loads((folder / "results.jsonl").read_text())
    assert row["cache_hit"] is False
    assert row["raw"] != first["raw"]
    assert row["digests"]["weights"] == first["digests"]["weights"]
