"""``--brainscore-layers``: every layer of a network, and its own answer."""

from __future__ import annotations

import json

import pytest

NODE = "benchmarks/own.yaml::IT-ridge::"
BROKEN = """
def broken():
    raise RuntimeError("no such thing")
"""


def rows(project) -> dict[str, dict]:
    (file,) = project.root.glob("reports/*/results.json")
    results = json.loads(file.read_text())["results"]
    return {row["node"].removeprefix(NODE): row for row in results}


@pytest.fixture
def networks(project):
    """One with four layers and one that cannot be built."""
    project.write("nets.py", (project.root / "nets.py").read_text() + BROKEN)
    with (project.root / "models.yaml").open("a") as models:
        models.write("broken: {source: 'nets:broken', layers: {IT: '0'}}\n")
    return project


def test_all_is_an_item_and_a_row_for_each_layer_also_on_workers(networks):
    expected = [*(f"wide_vit-{i}" for i in range(4)), "broken-all"]
    asked = ("--models=wide_vit,broken", "--brainscore-layers=all")
    assert networks.collect(*asked) == [NODE + name for name in expected]
    result = networks.run(*asked, "-n", "2")
    result.assert_outcomes(passed=4, errors=1)
    found = rows(networks)
    assert sorted(found) == sorted(expected)
    layers = {name: (row["layer"], row["status"]) for name, row in found.items()}
    assert layers == {
        **{f"wide_vit-{i}": (str(i), "scored") for i in range(4)},
        "broken-all": ("all", "error"),
    }
    assert "no such thing" in found["broken-all"]["message"]
    assert len({found[f"wide_vit-{i}"]["raw"] for i in range(4)}) == 4
    assert {found[f"wide_vit-{i}"]["layer_source"] for i in range(4)} == {"named for this run"}


def test_a_network_s_own_answer_is_named_and_equals_its_last_layer(project):
    project.run("--models=wide_vit", "--brainscore-layers=final,3").assert_outcomes(passed=2)
    found = rows(project)
    assert found["wide_vit-final"]["layer"] == "final"
    assert found["wide_vit-final"]["splits"] == found["wide_vit-3"]["splits"]


def test_models_yaml_says_final_and_auto(project):
    path = project.root / "models.yaml"
    mapped = 'layers: {V4: "1", IT: "3"}'
    text = path.read_text()
    assert text.count(mapped) == 2
    path.write_text(text.replace(mapped, "layers: final", 1).replace(mapped, "layers: auto", 1))
    project.run("--models=small,wide_vit").assert_outcomes(passed=2)
    found = rows(project)
    own = "the network's own answer, as models.yaml says"
    assert (found["small"]["layer"], found["small"]["layer_source"]) == ("final", own)
    chosen = found["wide_vit"]
    source = "best of 4 layers on one half of the stimuli (seed 0); the other half is scored"
    assert (chosen["layer_source"], chosen["stimuli"]) == (source, 10)
    assert any(note.startswith("raw scores of layers on one half") for note in chosen["notes"])
