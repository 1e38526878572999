"""docs/definitions.md has every metric and ceiling there is: formula, source, laws, parity."""

from __future__ import annotations

import re
import typing

import pytest

from pytest_brainscore.specs.ceilings import CEILINGS
from pytest_brainscore.specs.metrics import AnyMetric, CustomMetric
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "definitions.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE))
TAGGED = typing.get_args(typing.get_args(AnyMetric)[0])
METRICS = [kind for kind in (typing.get_args(tagged)[0] for tagged in TAGGED) if kind is not CustomMetric]
NAMES = [name for kind in METRICS for name in typing.get_args(kind.model_fields["name"].annotation)]
LAWS = (ROOT / "docs" / "laws.md").read_text("utf-8")


def test_the_registry_and_the_page_have_the_same_names():
    assert len(NAMES) == len(METRICS) > 25
    assert set(SECTIONS) == {*NAMES, *CEILINGS}
    assert len(re.findall(r"^### ", TEXT, re.MULTILINE)) == len(SECTIONS)


@pytest.mark.parametrize("name", SECTIONS)
def test_each_has_a_formula_or_words_a_source_laws_and_parity(name):
    head, source, laws, parity = re.split(r"^- (?:Source|Laws|Parity): ", SECTIONS[name], flags=re.MULTILINE)
    assert len(head.strip()) > 15
    assert source.strip()
    (file,) = re.findall(r"`(tests/[\w/]+\.py)`", laws)
    assert (ROOT / file).is_file()
    named = re.findall(r"`(tests/[\w/]+\.py)`", parity)
    assert named or parity.strip() == "nothing is computed"
    assert [path for path in named if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_has_laws_in_the_table_and_in_the_file_that_is_named(name):
    table = [row.split("|")[2] for row in LAWS.splitlines() if row.count("|") == 3]
    assert any(name in cell.replace(" ", "").split(",") for cell in table)
    (file,) = re.findall(r"Laws: `(tests/[\w/]+\.py)`", SECTIONS[name])
    assert re.search(rf"\b{name}\b", (ROOT / file).read_text("utf-8"))
