"""What untrained twins are called: one pair of names for every seed, there and back."""

from __future__ import annotations

import pytest

from pytest_brainscore import suite
from pytest_brainscore.harness.records.about import trained
from pytest_brainscore.specs.models import About, Model
from pytest_brainscore.specs.twins import architecture_of, asked_for, is_twin, twin_of
from pytest_brainscore.suite.selection import select


@pytest.mark.parametrize(
    ("seed", "id", "asked"),
    [
        (0, "alexnet_untrained", "untrained:alexnet"),
        (2, "alexnet_untrained2", "untrained2:alexnet"),
        (13, "alexnet_untrained13", "untrained13:alexnet"),
    ],
)
def test_a_twin_is_named_and_known_again(tmp_path, seed, id, asked):
    assert twin_of("alexnet", seed) == id
    assert is_twin(id)
    assert architecture_of(id) == "alexnet"
    assert asked_for(id) == asked
    (candidate,) = select(asked, suite.zoo(), tmp_path)
    assert candidate.model == suite.zoo().models["alexnet"].untrained(seed)
    assert candidate.id == id


@pytest.mark.parametrize(
    "id", ["alexnet", "_untrained", "untrained_net", "net_untrained_head", "net_untrainedx"]
)
def test_other_ids_are_as_they_are(id):
    assert not is_twin(id)
    assert architecture_of(id) == asked_for(id) == id


@pytest.mark.parametrize(("id", "known"), [("net_untrained3", False), ("net", None)])
def test_a_twin_of_a_factory_counts_as_untrained_whatever_its_seed(id, known):
    assert trained(Model(id=id, source="package.module:make")) is known


def test_the_report_says_of_a_twin_of_any_seed_what_holds_of_its_architecture():
    reading = pytest.importorskip("pytest_brainscore.report.page.reading")
    listed = Model(id="net", source="timm", about=About(year=2012, family="cnn", task="classification"))
    (said,) = reading.abouts([Line(model="net_untrained2")], {"net": listed}).values()
    assert (said.year, said.family, said.task) == (2012, "cnn", None)


class Line:
    """As much of a row as `abouts` reads."""

    def __init__(self, model):
        self.model, self.about = model, {}
