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
from pytest_brainscore.suite.composites import composites, species

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
