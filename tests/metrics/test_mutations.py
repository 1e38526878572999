"""The list of mutations keeps up with the source; `python scripts/mutations.py` tries them."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.metrics.law_table import registered

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def mutations():
    spec = importlib.util.spec_from_file_location("mutations", ROOT / "scripts" / "mutations.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutations"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module.mutations()
    del sys.modules["mutations"]


def test_each_text_stands_once_in_the_source(mutations):
    assert [(m.metric, m.what, m.times_found()) for m in mutations if m.times_found() != 1] == []


def test_each_mutation_changes_something_under_a_name_of_its_own(mutations):
    assert all(m.old != m.new for m in mutations)
    assert len({(m.metric, m.what) for m in mutations}) == len(mutations)
    assert all((ROOT / "tests" / test).is_file() for m in mutations for test in m.tests)


def test_every_metric_has_two_mutations(mutations):
    counted = Counter(mutation.metric for mutation in mutations)
    assert {name: counted[name] for name in registered() if counted[name] < 2} == {}
