"""Composite files: what they may say, and where their mistakes are."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from pytest_brainscore import suite
from pytest_brainscore.commands.schema import FOLDER, text
from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.composites import load_composites
from pytest_brainscore.suite.composites import composites, refuse_unknown_parts, species

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "benchmarks" / "composites").glob("*.yaml"))
GOOD = """\
composites:
  - id: Ours
    title: a tree
    of: raw
    mean:
      - Own.V4-pls
      - first: [Own.IT-pls, Own.IT-rdm]
      - id: V1
        mean: ["*.V1-*", {id: inner, mean: [Own.V2-pls]}]
"""
WRONG = {
    "key": ("mean: [Own.V2-pls]", "meen: [Own.V2-pls]", 9, "meen: no such key; did you mean mean?"),
    "number": ("Own.V4-pls", "3", 6, "mean.0: a mapping or a benchmark's name is due, not 3"),
    "score": ("raw", "rau", 4, "'rau' is none of raw, ceiled; did you mean raw?"),
    "twins": ("id: inner", "id: V1", 2, "two means are called V1: give one of them another id"),
    "one": ("[Own.IT-pls, Own.IT-rdm]", "[Own.IT-pls]", 7, "tuple should have at least 2 items"),
    "empty": ("[Own.V2-pls]", "[]", 9, "tuple should have at least 1 item"),
    "pattern": ("Own.IT-rdm", "'*.IT-*'", 7, "string should match pattern"),
    "single": ("of: raw", "of: raw\n    per: spesies", 5, "'spesies' is not known here: write species"),
    "missing": ("of: raw", "of: raw\n    missing: nan", 5, "'nan' is none of skip, zero"),
    "untitled": ("    title: a tree\n", "", 2, "title: is missing"),
}


def write(folder, text, name="ours.yaml"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_a_tree_is_read_with_all_forms_of_parts(tmp_path):
    (found,) = load_composites(write(tmp_path, GOOD)).values()
    name, alternatives, node = found.mean
    assert (name, alternatives.first) == ("Own.V4-pls", ("Own.IT-pls", "Own.IT-rdm"))
    assert (node.id, node.mean[0], node.mean[1].mean) == ("V1", "*.V1-*", ("Own.V2-pls",))
    assert found.names == {"Own.V4-pls", "Own.IT-pls", "Own.IT-rdm", "*.V1-*", "Own.V2-pls"}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_have_file_and_line(tmp_path, mistake):
    before, after, line, message = WRONG[mistake]
    assert before in GOOD
    path = write(tmp_path, GOOD.replace(before, after))
    with pytest.raises(SpecError) as why:
        load_composites(path)
    assert any(
        said.startswith(f"{path}:{line}: ") and message in said for said in str(why.value).splitlines()
    )


def test_one_id_for_two_is_a_mistake(tmp_path):
    twice = GOOD + GOOD.removeprefix("composites:\n")
    with pytest.raises(SpecError, match=r":10: id: Ours is already a composite of this file"):
        load_composites(write(tmp_path, twice))
    write(tmp_path / "suite" / "composites", GOOD, "a.yaml")
    write(tmp_path / "suite" / "composites", GOOD, "b.yaml")
    with pytest.raises(SpecError, match=r"b\.yaml: the composite Ours is also in another file"):
        composites([tmp_path / "suite"])


def test_the_projects_composite_stands_before_the_shipped_one(tmp_path):
    shipped = {one.id for one in composites([suite.benchmarks()])}
    assert shipped == {"Brain-Score-2018", "Brain-Score-public", "Brain-Score"}
    write(tmp_path / "composites", GOOD.replace("Ours", "Brain-Score"))
    both = {one.id: one for one in composites([tmp_path, suite.benchmarks()])}
    assert set(both) == shipped
    assert both["Brain-Score"].title == "a tree"


BENCHMARKS = """\
dataset: {id: Own, reader: arrays, stimuli: {images: i}, recordings: {file: r.npy, dims: [stimulus, neuroid]}}
benchmarks:
  - {regions: [V1, V2, V4, IT], metric: pls}
  - {regions: [IT], metric: rdm}
"""


def test_what_no_benchmark_is_called_is_refused_with_its_line_and_the_nearest_name(tmp_path):
    write(tmp_path, BENCHMARKS, "own.yaml")
    path = write(tmp_path / "composites", GOOD)
    folders = [tmp_path, suite.benchmarks()]
    refuse_unknown_parts(folders)
    mine = GOOD.replace("Own.V2-pls", "Cowley2023.V4-pls")
    refuse_unknown_parts([write(tmp_path / "composites", mine).parents[1], suite.benchmarks()])
    path.write_text(
        GOOD.replace("V2-pls", "V2-plx").replace("*.V1-*", "*.V9-*").replace("Own.IT-rdm", "Qqqq")
    )
    with pytest.raises(SpecError) as why:
        refuse_unknown_parts(folders)
    at, listed = "composites.0.mean", " (`python -m pytest_brainscore list benchmarks` shows them)"
    lines = str(why.value).splitlines()
    assert lines[0] == f"{path}:7: {at}.1.first.1: no such benchmark: Qqqq{listed}"
    assert lines[1].startswith(f"{path}:9: {at}.2.mean.0: no benchmark has such a name: *.V9-*")
    assert lines[2].startswith(
        f"{path}:9: {at}.2.mean.1.mean.0: no such benchmark: Own.V2-plx; did you mean Own.V"
    )
    assert len(lines) == 3


def test_nothing_is_refused_where_a_benchmark_file_cannot_be_read(tmp_path):
    write(tmp_path, BENCHMARKS.replace("pls", "plz"), "own.yaml")
    write(tmp_path / "composites", GOOD)
    refuse_unknown_parts([tmp_path, suite.benchmarks()])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_files_keep_to_the_schema_and_point_to_it(path):
    content = path.read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(content), json.loads(text("composite")))
    pointed = content.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / pointed).resolve() == FOLDER / "composite.json"


def test_the_schema_takes_all_forms_and_refuses_mistakes():
    schema = json.loads(text("composite"))
    jsonschema.validate(yaml.safe_load(GOOD), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(GOOD.replace("title", "titel")), schema)


def test_shipped_composites_are_of_shipped_benchmarks_whose_data_say_their_species():
    known = species([suite.benchmarks()])
    for composite in composites([suite.benchmarks()]):
        names = {name for name in composite.names if "*" not in name}
        assert names <= set(known), composite.id
        assert {known[name] for name in names} <= {"macaque", "human"}
