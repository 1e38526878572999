"""What a row says of its network: about, trained, architecture, parameters; of random weights no training."""

from __future__ import annotations

import pytest

from pytest_brainscore import suite
from pytest_brainscore.harness.records.about import about, unsaid, without_weights
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.results import Row

ALEXNET = suite.zoo().models["alexnet"]


def test_a_network_of_the_zoo_says_all_that_its_line_does_and_its_size():
    said = about(ALEXNET)
    assert said["trained"] is True
    assert said["architecture"] == "alexnet"
    assert said["parameters"] == 61_100_840
    line = ALEXNET.about.model_dump(exclude_none=True)
    assert {word: said[word] for word in line} == line
    assert said["top1"] == ALEXNET.about.top1 > 50


def test_a_twin_shares_the_architecture_and_says_nothing_of_training():
    said = about(ALEXNET.untrained(3))
    assert said == {
        "trained": False,
        "architecture": "alexnet",
        "parameters": 61_100_840,
        "year": 2012,
        "family": "cnn",
        "reference": "doi:10.1145/3065386",
    }


def test_a_written_architecture_goes_before_the_source_s_name():
    written = {"architecture": "resnet50", "parameters": 7, "diet": "imagenet-21k"}
    said = about(Model(id="a", source="timm", name="b", weights="c", about=written))
    assert said == {"trained": True, **written}


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ({"source": "torchvision"}, False),
        ({"source": "nets:make"}, None),
        ({"source": "nets:make", "weights": {"file": "w.pt", "sha256": "0" * 64}}, True),
        ({"source": "nets:make", "about": {"family": "baseline"}}, False),
        ({"source": "precomputed", "activations": {"file": "a.nc"}}, None),
    ],
)
def test_whether_it_was_trained_is_said_where_it_is_known(model, known):
    assert about(Model(id="own", **model)).get("trained") is known


def test_a_factory_s_twin_is_untrained():
    own = Model(id="own", source="nets:make", weights={"file": "w.pt", "sha256": "0" * 64})
    assert about(own.untrained())["trained"] is False


def test_what_is_said_survives_the_results_file():
    names = {"dataset": "d", "region": "IT", "metric": "pls", "status": "scored"}
    row = Row(benchmark="d.IT-pls", model="alexnet", about=about(ALEXNET), **names)
    back = Row.model_validate_json(row.model_dump_json())
    assert back == row
    assert back.about["trained"] is True


def test_weights_that_nothing_is_said_of_are_noted_and_what_is_declared_is_not():
    plain = Model(id="my_net", source="nets:my_net")
    (note,) = without_weights(plain)
    assert note == "no `weights` given: random, unless the function in `source` loads some"
    assert without_weights(Model(id="resnet18", source="torchvision")) == (note,)
    declared = Model(id="my_net", source="nets:my_net", weights="none")
    silent = [declared, plain.untrained(), plain.untrained(2), ALEXNET, suite.zoo().models["pixels"]]
    assert [without_weights(model) for model in silent] == 5 * [()]
    assert not any(without_weights(model) for model in suite.zoo().models.values())


def test_a_run_says_once_which_networks_have_no_weights():
    common = {"dataset": "d", "region": "IT", "metric": "pls", "node": "n", "status": "scored"}
    noted = without_weights(Model(id="a", source="nets:a"))
    rows = [
        Row(benchmark=benchmark, model=model, notes=notes, **common)
        for benchmark in ("one", "two")
        for model, notes in (("a", noted), ("b", ()), ("c", ("only 3 stimuli", *noted)))
    ]
    (line,) = unsaid(rows)
    assert line == f"a, c: {noted[0]} (`weights: none` says it is meant)"
    assert list(unsaid(rows[1:2])) == []
