"""The committed JSON Schemas are those of the specs, and the shipped files keep to them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from pytest_brainscore import suite
from pytest_brainscore.__main__ import main
from pytest_brainscore.commands.schema import FOLDER, SCHEMAS, text

ROOT = Path(__file__).parents[2]


@cache
def validator(name):
    schema = json.loads(text(name))
    return jsonschema.validators.validator_for(schema)(schema)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_copy_is_current(name):
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == text(name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_command_prints_it(name, capsys):
    assert main(["schema", name]) == 0
    assert capsys.readouterr().out == text(name)


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.yaml")), ids=lambda p: p.name)
def test_benchmark_files_keep_to_the_schema_and_point_to_it(path):
    content = path.read_text(encoding="utf-8")
    validator("benchmark").validate(yaml.safe_load(content))
    pointed = content.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / pointed).resolve() == FOLDER / "benchmark.json"


def test_the_zoo_keeps_to_the_schema_and_points_to_it():
    path = ROOT / "models.yaml"
    content = path.read_text(encoding="utf-8")
    validator("models").validate(yaml.safe_load(content))
    pointed = content.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / pointed).resolve() == FOLDER / "models.json"


def test_a_mistake_is_none_of_the_schema():
    zoo = yaml.safe_load((ROOT / "models.yaml").read_text())
    zoo["alexnet"]["wieghts"] = "none"
    with pytest.raises(jsonschema.ValidationError, match="wieghts"):
        jsonschema.validate(zoo, json.loads(text("models")))


def test_shipped_files_are_found():
    assert {path.name for path in suite.benchmark_files(ROOT)} >= {"cowley2023.yaml", "kriegeskorte2008.yaml"}
    assert "alexnet" in suite.zoo().models
