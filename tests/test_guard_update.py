"""Baselines as they are merged: which rows become lines, where files lie."""

from __future__ import annotations

import pytest

from pytest_brainscore import suite
from pytest_brainscore.harness.guards.baselines import Shelf, key_of
from pytest_brainscore.harness.guards.update import Outcome, prune, renewed, update
from pytest_brainscore.specs.baselines import load
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.results import Guarded, Row

DIGESTS = {"spec": "a" * 64, "stimuli": "b" * 64, "recordings": "c" * 64, "weights": "d" * 64}
YAML = """\
dataset: {id: Own, reader: arrays, stimuli: {images: i}, recordings: {file: r.npy, region: IT}}
benchmarks:
  - {region: IT, metric: ridge}
"""


def row(model="small", splits=(0.5, 0.6), verdict="unguarded", digests=DIGESTS, **guard) -> Row:
    told = {"message": "", "moved": True, "updates": True, "key": model, **guard}
    return Row(
        benchmark="Own.IT-ridge",
        model=model,
        layer="3",
        dataset="Own",
        region="IT",
        metric="ridge",
        status="scored",
        verdict=verdict,
        raw=sum(splits) / len(splits),
        splits=splits,
        digests=digests,
        guard=Guarded(baseline="baselines/Own.IT-ridge.json", **told),
    )


def baseline(*rows):
    return renewed(None, list(rows), "new")


MOVED = row(splits=(0.5, 0.61), verdict="drifted")
RETOLD = row(digests={**DIGESTS, "weights": "e" * 64}, verdict="same", moved=False)


@pytest.mark.parametrize(
    ("new", "which", "is_taken"),
    [
        (MOVED, "new", False),
        (MOVED, "changed", True),
        (MOVED, "all", True),
        (RETOLD, "new", False),
        (RETOLD, "changed", False),
        (RETOLD, "all", True),
        (row(verdict="same", moved=False), "all", False),
        (row(splits=(0.5, 0.6000001), verdict="same", moved=False), "changed", False),
        (row("other"), "new", True),
        (row("other"), "changed", True),
    ],
)
def test_what_becomes_a_line(new, which, is_taken):
    old = baseline(row())
    assert (renewed(old, [new], which) != old) == is_taken


@pytest.mark.parametrize("which", ["new", "changed", "all"])
def test_what_a_shipped_baseline_says_already_is_not_copied(which):
    assert renewed(None, [row(verdict="same", moved=False)], which) is None


@pytest.mark.parametrize("which", ["changed", "all"])
def test_what_moved_from_a_shipped_baseline_is_written(which):
    assert set(renewed(None, [row(verdict="regressed")], which).models) == {"small"}
    assert renewed(None, [row(verdict="regressed")], "new") is None


def test_each_line_has_its_own_side():
    """After a change of the spec, lines are renewed as their models run; the others stay, and mismatch."""
    old = baseline(row(), row("left"))
    digests = {**DIGESTS, "stimuli": "f" * 64}
    ours = row(verdict="mismatched", moved=False, digests=digests)
    assert renewed(old, [ours], "new") == old
    new = renewed(old, [ours], "changed")
    assert new.models["small"].side.stimuli == "f" * 16
    assert new.models["left"] == old.models["left"]


def test_what_may_not_be_a_baseline_is_left_out(tmp_path):
    outcome = update(
        [row(updates=False), row("error").model_copy(update={"status": "error"})], "all", tmp_path
    )
    assert (outcome.changed, outcome.problems, list(tmp_path.iterdir())) == (0, [], [])


def test_a_file_that_cannot_be_read_is_not_overwritten(tmp_path):
    path = tmp_path / "baselines" / "Own.IT-ridge.json"
    path.parent.mkdir()
    path.write_text("<<<<<<< HEAD\n")
    outcome = update([row()], "all", tmp_path)
    assert outcome.problems[0].startswith(f"{path}:1: a merge conflict")
    prune(tmp_path, set(), lambda model: False, outcome)
    assert path.read_text() == "<<<<<<< HEAD\n"


def test_pruning_takes_what_is_gone_and_nothing_else(tmp_path):
    update([row(), row("gone"), row("small:features.8")], "new", tmp_path)
    path, outcome = tmp_path / "baselines" / "Own.IT-ridge.json", Outcome()
    prune(tmp_path, {"Own.IT-ridge"}, lambda model: model == "small", outcome)
    assert (outcome.changed, sorted(load(path, path.stem).models)) == (1, ["small", "small:features.8"])
    prune(tmp_path, {"Own.IT-pls"}, lambda model: True, outcome)
    assert (outcome.changed, path.exists()) == (3, False)


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "shipped" / "own.yaml"
    path.parent.mkdir()
    path.write_text(YAML)
    return load_cases(path)[0]


def test_shipped_baselines_are_read_and_the_projects_own_written(case, tmp_path, monkeypatch):
    ours, beside = tmp_path / "benchmarks", case.path.parent / "baselines" / "Own.IT-ridge.json"
    assert Shelf.of(case, ours) == Shelf("Own.IT-ridge", beside)
    monkeypatch.setattr(suite, "benchmarks", lambda: case.path.parent)
    shelf = Shelf.of(case, ours)
    assert shelf == Shelf("Own.IT-ridge", ours / "baselines" / beside.name, beside)
    assert Shelf.of(case, case.path.parent) == Shelf("Own.IT-ridge", beside)
    beside.parent.mkdir()
    beside.write_text(baseline(row(), row("other")).text())
    shelf.own.parent.mkdir(parents=True)
    shelf.own.write_text(baseline(row(splits=(0.1, 0.2))).text())
    assert shelf.find("small").splits == (0.1, 0.2)
    assert shelf.find("other").splits == (0.5, 0.6)
    assert shelf.find(key_of("other", "features.8")) is None
