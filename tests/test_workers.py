"""Workers: which device and how many threads each has, how many there are, and what items cost."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from pytest_brainscore import machine
from pytest_brainscore.analysis.sides import measured_row
from pytest_brainscore.harness import options
from pytest_brainscore.harness.nodes import Named, Nodes
from pytest_brainscore.harness.profile import Profile
from pytest_brainscore.harness.records.record import PAYLOAD
from pytest_brainscore.harness.records.rows import row_of, unscored
from pytest_brainscore.harness.watching.ledger import Ledger
from pytest_brainscore.harness.workers import crash, team
from pytest_brainscore.harness.workers.costs import costs
from pytest_brainscore.specs.catalogue import size
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.results import Row
from pytest_brainscore.suite.selection import Candidate
from pytest_brainscore.work import Terms

CRASHED = "benchmarks/own.yaml::IT-cka::small"
BENCHMARKS = """
dataset: {id: Own, reader: arrays, stimuli: {images: images}, recordings: {file: r.npy, region: IT}}
benchmarks:
  - {region: IT, metric: {name: cka}}
  - {region: IT, metric: {name: rdm}}
"""


@pytest.fixture
def gpus(monkeypatch):
    """A machine with two of them."""
    chosen = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    return chosen


@pytest.fixture
def threads(monkeypatch):
    """A machine with 16 cores, on which nobody said how many threads there shall be."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(machine, "cores", lambda: 16)
    before = torch.get_num_threads()
    yield torch.get_num_threads
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_workers_take_the_devices_in_turns(gpus):
    assert [machine.take_share("auto", worker, 3) for worker in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert gpus == [0, 1, 0]
    assert machine.take_share("cuda", 1, 2) == "cuda:1"


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize(("device", "workers"), [("cuda:1", 3), ("cpu", 3), ("mps", 3), ("auto", 1)])
def test_a_named_device_stays_and_one_process_has_no_turn(gpus, device, workers):
    assert machine.take_share(device, 0, workers) == device
    assert gpus == []


@pytest.mark.usefixtures("threads")
def test_with_one_device_all_share_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert machine.take_share("auto", 3, 4) == "auto"


@pytest.mark.parametrize(("count", "each"), [(2, 8), (5, 3), (32, 1)])
def test_workers_share_the_cores(threads, count, each):
    machine.take_share("cpu", 0, count)
    assert threads() == each


def test_threads_that_the_user_set_stay(threads, monkeypatch):
    before = threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    machine.take_share("cpu", 0, 2)
    assert threads() == before


def test_cores_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert machine.cores() == 3


def asked_for(pytester, *arguments):
    config = pytester.parseconfig("-p", "no:cacheprovider", "-n", "auto", "--models", "alexnet", *arguments)
    return config.hook.pytest_xdist_auto_num_workers(config=config)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [((), 2), (("--brainscore-device", "cuda"), 2), (("--brainscore-device", "cuda:1"), 1)],
)
def test_auto_is_one_worker_per_gpu(gpus, pytester, monkeypatch, arguments, count):
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)
    assert asked_for(pytester, *arguments) == count


def test_auto_is_xdists_answer_on_the_cpu_and_where_there_is_no_gpu(gpus, pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "7")
    assert asked_for(pytester) == 7
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS")
    theirs = asked_for(pytester, "--brainscore-device", "cpu")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 99)
    assert asked_for(pytester, "--brainscore-device", "cpu") == theirs
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert asked_for(pytester) == theirs


def test_auto_of_a_run_without_models_is_not_ours(gpus, pytester, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 99)
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)
    config = pytester.parseconfig("-n", "auto")
    assert config.hook.pytest_xdist_auto_num_workers(config=config) != 99


def node(name):
    return SimpleNamespace(gateway=SimpleNamespace(id=name), workerinput={"workercount": 3})


def test_a_worker_that_replaces_another_has_its_number():
    ours, nodes = team.Team(), [node(f"gw{i}") for i in range(4)]
    for one in nodes[:3]:
        ours.join(one)
    ours.leave(nodes[1])
    ours.join(nodes[3])
    assert [one.workerinput[team.NUMBER] for one in nodes] == [0, 1, 2, 1]
    assert team.place(SimpleNamespace(workerinput=nodes[3].workerinput)) == (1, 3)
    assert team.place(SimpleNamespace()) == (0, 1)


def test_the_gpu_that_a_worker_has_changes_no_baseline():
    common = {
        "benchmark": "b",
        "model": "m",
        "dataset": "d",
        "region": "IT",
        "metric": "cka",
        "status": "scored",
    }
    first, second = (measured_row(Row(**common, device=f"cuda:{i}")) for i in range(2))
    assert first.made_with == second.made_with
    assert first.made_with["device"] == "cuda"


@pytest.fixture
def nodes(tmp_path):
    """The node ids of a run with two models on a file of two benchmarks."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "own.yaml").write_text(BENCHMARKS)
    models = [Model(id="small", source="torchvision", name="alexnet"), Model(id="own", source="nets:own")]
    settings = options.Settings(models="", root=tmp_path, here=tmp_path, suite=tmp_path / "benchmarks")
    candidates = [Candidate(model, tmp_path) for model in models]
    return Nodes(candidates, [settings.suite], settings, Profile((), Terms()))


def under(nodes, settings):
    """The same models and suites under other settings."""
    return Nodes(nodes.candidates, nodes.suites, settings, Profile(settings.layers, Terms()))


def test_node_ids_say_what_is_scored(nodes):
    found = nodes.find("benchmarks/own.yaml::IT-rdm::small")
    assert (found.case.name, found.candidate.id, found.layer) == ("Own.IT-rdm", "small", None)
    for other in (
        "test_x.py::test_y",
        "benchmarks/own.yaml::IT-rdm::large",
        "benchmarks/own.yaml::V4-rdm::small",
    ):
        assert nodes.find(other) is None


def test_node_ids_outside_the_root_start_at_the_path_that_was_given(nodes, tmp_path):
    settings = options.Settings(models="", root=Path("/elsewhere"), here=tmp_path, suite=tmp_path)
    nodes = under(nodes, settings)
    assert nodes.find("own.yaml::IT-rdm::small") is not None
    assert nodes.find("benchmarks/own.yaml::IT-rdm::small") is not None


def test_node_ids_of_named_layers(nodes):
    settings = options.Settings(
        models="",
        root=nodes.settings.root,
        here=nodes.settings.root,
        suite=nodes.settings.suite,
        layers=("a.0", "b/1"),
    )
    nodes = under(nodes, settings)
    assert nodes.find("benchmarks/own.yaml::IT-cka::small-b_1").layer == "b/1"
    assert nodes.find("benchmarks/own.yaml::IT-cka::small") is None


def items(nodes, *models):
    return [nodes.find(f"benchmarks/own.yaml::IT-cka::{model}") for model in models]


class Told(Ledger):
    """What some items took."""

    def seconds(self, model, benchmark, device, layer=None):
        return {("small", "Own.IT-cka"): 5.0}.get((model, benchmark))


def crash_of(nodes, *rows):
    """xdist's report of a crash in an item of ours, as our hook leaves it."""
    report = SimpleNamespace(nodeid=CRASHED, node=node("gw1"), when="???", longrepr="???")
    told = SimpleNamespace(nodes=nodes, book=SimpleNamespace(rows=dict(enumerate(rows))))
    crash.note(report, told)
    return report


def test_a_crash_gives_its_item_a_row(nodes):
    report = crash_of(nodes)
    row = row_of(getattr(report, PAYLOAD))
    assert (row.node, row.status, row.message) == (CRASHED, "error", "worker gw1 crashed in this item")
    assert report.longrepr == "worker gw1 crashed in this item (own.yaml:4)"
    assert (report.when, report.location[1:]) == ("setup", (3, "Own.IT-cka of small"))


def test_a_result_that_had_arrived_before_the_crash_stays(nodes):
    arrived = unscored(nodes.find(CRASHED).case, "small", CRASHED, None, "skipped", "for now")
    other = arrived.model_copy(update={"node": "benchmarks/own.yaml::IT-rdm::small"})
    assert not hasattr(crash_of(nodes, other, arrived), PAYLOAD)
    assert hasattr(crash_of(nodes, other), PAYLOAD)


def test_a_crash_in_an_item_of_others_is_left_to_xdist(nodes):
    report = SimpleNamespace(nodeid="test_x.py::test_y", when="???", longrepr="???")
    crash.note(report, SimpleNamespace(nodes=nodes))
    assert vars(report) == {"nodeid": "test_x.py::test_y", "when": "???", "longrepr": "???"}


def test_costs_are_those_of_earlier_runs_else_of_the_networks_size(nodes):
    small, own = items(nodes, "small", "own")
    larger = Named(small.case, Candidate(Model(id="vgg", source="torchvision", name="vgg16"), Path()), None)
    ratio = size("torchvision", "vgg16").macs / size("torchvision", "alexnet").macs
    assert costs([small, larger, None], Told(), "auto") == [5.0, pytest.approx(5.0 * ratio), 0.0]
    assert costs([small, own], Told(), "auto") == [5.0, 5.0]
    timm = {"source": "timm", "name": "convnext_base"}
    models = Model(id="plain", **timm), Model(id="clip", **timm, weights="clip_laion2b")
    two = [Named(small.case, Candidate(model, Path()), None) for model in models]
    assert costs(two, Ledger(), "auto") == [15_354_729_472, 20_054_474_752]
    assert costs([own, None], Ledger(), "auto") == [1.0, 0.0]
