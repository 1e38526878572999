"""The project's models.yaml and benchmarks/ beside the shipped ones: by name, and whole."""

from __future__ import annotations

import pytest

from pytest_brainscore import suite
from pytest_brainscore.errors import SelectionError, SpecError
from pytest_brainscore.specs.zoo import load_zoo
from pytest_brainscore.suite.selection import select
from tests.conftest import ROOT

OWN = """
alexnet: {source: nets:mine}
mine: {source: nets:mine, layers: {IT: "3"}}
sets:
  chosen: [mine, vgg16, alexnet, resnet101, "untrained:vgg16"]
  small: [mine]
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "models.yaml").write_text(OWN)
    return tmp_path


def ids(requests, zoo, folder):
    return [candidate.id for candidate in select(requests, zoo, folder)]


def test_an_entry_of_the_project_stands_alone(project):
    zoo, shipped = suite.zoo(project), suite.zoo()
    (candidate,) = select("alexnet", zoo, project)
    assert candidate.folder == project
    assert candidate.model.source == "nets:mine"
    assert not candidate.model.layers
    assert shipped.models["alexnet"].layers
    assert zoo.models["vgg16"] == shipped.models["vgg16"]
    assert zoo.folders["vgg16"] == ROOT


def test_sets_of_both_can_be_asked_for(project):
    zoo = suite.zoo(project)
    assert set(suite.zoo().sets) < set(zoo.sets)
    assert ids("@small", zoo, project) == ["mine"]
    assert ids("@mapped", zoo, project)[:2] == ["alexnet", "vgg16"]
    assert select("@mapped", zoo, project)[0].model.source == "nets:mine"


def test_a_set_of_the_project_names_shipped_models_and_those_of_libraries(project):
    expected = ["mine", "vgg16", "alexnet", "resnet101", "vgg16_untrained"]
    assert ids("@chosen", suite.zoo(project), project) == expected


def test_a_set_that_names_what_is_nowhere_is_refused_with_the_nearest_name(project):
    (project / "models.yaml").write_text(OWN.replace("vgg16, alexnet", "vgg61, alexnet"))
    with pytest.raises(
        SpecError, match=r"models.yaml:5: sets.chosen: no model vgg61 here; did you mean vgg1"
    ):
        suite.zoo(project)


def test_the_first_project_that_has_models_counts_and_a_folder_without_is_passed_over(project, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "mine" in suite.zoo(empty, project).models
    said = rf"no model mine.* \(there is no models.yaml in {empty}; `python -m pytest_brainscore list` shows"
    with pytest.raises(SelectionError, match=said):
        select("mine", suite.zoo(empty, empty), empty)
    with pytest.raises(
        SelectionError, match=r"no model mien; did you mean mine\? \(`python -m pytest_brains"
    ):
        select("mien", suite.zoo(empty, project), empty)


def test_the_checkout_is_its_own_project_and_is_read_once():
    assert suite.zoo(ROOT) == load_zoo(ROOT / "models.yaml")
    assert suite.benchmark_files(ROOT) == suite.files_in(ROOT / "benchmarks")


def test_benchmark_files_of_the_project_come_first(project):
    folder = project / "benchmarks"
    folder.mkdir()
    (folder / "own.yaml").write_text("dataset: {}\nbenchmarks: []\n")
    assert suite.benchmark_files(project) == [folder / "own.yaml", *suite.files_in(ROOT / "benchmarks")]


def test_only_the_folder_inside_an_installed_package_is_never_written(project, monkeypatch):
    assert not suite.is_installed(suite.benchmarks())
    monkeypatch.setattr(suite, "_PACKAGED", project)
    assert suite.benchmarks() == project / "benchmarks"
    assert suite.is_installed(project / "benchmarks" / ".." / "benchmarks")
    assert not suite.is_installed(ROOT / "benchmarks")
