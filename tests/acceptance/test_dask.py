"""Units of work on Dask: serial scores, each model loaded once, and a lost worker costs its unit's retry."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import dask
import psutil
import pytest
from distributed import LocalCluster

from pytest_brainscore.errors import ModelError, NotHere, WorkError
from pytest_brainscore.harness.engines import cluster, elsewhere, seat
from pytest_brainscore.harness.engines.address import fault
from pytest_brainscore.harness.engines.cluster import Cluster, differences
from pytest_brainscore.harness.engines.engine import engine_of
from pytest_brainscore.harness.engines.seat import SEAT, forget_code_below, number_of, told
from pytest_brainscore.harness.nodes import Named
from pytest_brainscore.harness.records.book import Book
from pytest_brainscore.harness.run import Run
from pytest_brainscore.suite.selection import Candidate
from pytest_brainscore.work import Terms, Work

from ..test_levels import PACKAGE, imports
from ..test_work import CASES, MODEL, SCORE
from .starter import begun
from .test_kill import wait_for

NETS = """
import os
import signal
import time
from pathlib import Path

from nets import small

HERE = Path(__file__).parent


def made(name: str, seed: int):
    with (HERE / "built.txt").open("a") as lines:
        lines.write(f"{name} {os.getpid()}\\n")
    if name == "always" or (name == "once" and not (HERE / "once.lost").exists()):
        (HERE / f"{name}.lost").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "endless":
        time.sleep(300)
    return small(seed=seed)
"""
PRELOADED = """
from distributed.utils import get_mp_context

get_mp_context().set_forkserver_preload(["distributed", "torchvision", "pytest_brainscore.workbench"])
"""
SECOND = """  - region: IT
    metric: {name: rdm}
"""
NAMES = ("once", "always", "first", "second", "endless")
COMPARED = (
    "raw",
    "error",
    "ceiling",
    "ceiled",
    "splits",
    "targets",
    "left_out",
    "layer",
    "digests",
    "device",
)


@pytest.fixture
def project(project, monkeypatch):
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "1")
    project.write("counted.py", NETS)
    entry = "{0}: {{source: 'counted:made', arguments: {{name: {0}, seed: {1}}}, layers: {{IT: '3'}},"
    entry += " preprocess: {{size: 32}}}}"
    project.write("models.yaml", "\n".join(entry.format(name, seed) for seed, name in enumerate(NAMES)))
    with (project.root / "benchmarks" / "own.yaml").open("a") as file:
        file.write(SECOND)
    return project


def scored(project, reports):
    (path,) = (project.root / reports).glob("*/results.json")
    rows = json.loads(path.read_text())["results"]
    return {(row["model"], row["benchmark"]): row for row in rows}


def built(project):
    """Names of models and processes, in the order in which they were built."""
    return [line.split() for line in (project.root / "built.txt").read_text().splitlines()]


def test_serial_scores_and_a_lost_worker_costs_its_own_unit_only(project, monkeypatch):
    monkeypatch.setenv("DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD", "forkserver")
    project.write("conftest.py", PRELOADED)
    models = ("--models", "once,always,first,second")
    result = project.run(*models, "--brainscore-dask", "local", "--brainscore-reports", "elsewhere")
    assert result.parseoutcomes() == {"passed": 6, "errors": 2}
    assert Counter(name for name, _ in built(project)) == {"once": 2, "always": 2, "first": 1, "second": 1}
    result.stdout.fnmatch_lines(
        ["*always: 2 Dask workers were lost while they worked on it, the last at tcp://127*batch_size helps*"]
    )
    assert "Traceback" not in result.stdout.str()
    result = project.run("--models", "once,first,second", "--brainscore-reports", "here")
    assert result.parseoutcomes() == {"passed": 6}
    here, elsewhere = scored(project, "here"), scored(project, "elsewhere")
    for key, row in here.items():
        assert {name: elsewhere[key][name] for name in COMPARED} == {name: row[name] for name in COMPARED}
        assert set(elsewhere[key]["seconds"]) == set(row["seconds"])
        assert (row["host"], elsewhere[key]["host"]) == (None, os.uname().nodename)
        assert list(project.root.glob(f"elsewhere/*/{elsewhere[key]['values']}"))
    lost = [row for (model, _), row in elsewhere.items() if model == "always"]
    assert [row["status"] for row in lost] == ["error", "error"]


def rows_written(project):
    return sum(len(path.read_text().splitlines()) for path in (project.root / "reports").glob("*/*.jsonl"))


def test_ctrl_c_ends_the_run_and_its_workers_and_keeps_what_was_done(project):
    words = ["-p", "no:cacheprovider", "--models", "first,endless", "--brainscore-dask", "local"]
    process = begun(words, project.root, session=True)
    wait_for(lambda: rows_written(project) == 4 and "endless" in dict(built(project)), 120)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == pytest.ExitCode.INTERRUPTED
    assert workers
    assert psutil.wait_procs(workers, timeout=20)[1] == []
    rows = scored(project, "reports")
    assert {model for model, _ in rows} == {"first"}
    assert len(rows) == 2
    (path,) = (project.root / "reports").glob("*/results.json")
    assert json.loads(path.read_text())["complete"] is False


@pytest.mark.parametrize(
    ("arguments", "conftest", "message"),
    [
        (
            ("--brainscore-dask", "LOCAL"),
            "",
            "*--brainscore-dask: LOCAL is no address*, or local; did you mean local?",
        ),
        (
            ("-n", "2"),
            "",
            "*--brainscore-dask local: not together with pytest-xdist*or say -n 0",
        ),
        (
            (),
            "import sys; sys.modules['distributed'] = None",
            "*distributed is not installed: pip install 'pytest-brainscore?dask?'",
        ),
    ],
)
def test_a_refusal_is_one_line(project, arguments, conftest, message):
    project.write("conftest.py", conftest)
    result = project.run("--models", "first", "--brainscore-dask", "local", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


@pytest.mark.parametrize(
    "address",
    ["local", "10.0.0.1:8786", "tcp://node7:8786", "tls://[::1]:8786", "ucx://n:1", "wss://n.org:443/dask"],
)
def test_an_address_is_that_of_a_scheduler(address):
    assert fault(address) is None


@pytest.mark.parametrize(
    "address",
    ["foo", "8786", "tcp://", "tcp://node7", "http://node7:8786", "node7:port", "a b:1", "tcp://n:1/x"],
)
def test_what_is_no_address_is_refused_at_once(address):
    assert fault(address).startswith(f"{address} is no address of a Dask scheduler: tcp://host:8786, ")


def test_a_library_that_is_broken_ends_the_run_once(monkeypatch):
    monkeypatch.setitem(sys.modules, elsewhere.__name__, None)
    with pytest.raises(pytest.exit.Exception, match=r"distributed cannot be imported \(ModuleNotFound"):
        engine_of("local", (), Terms())


def test_a_run_without_a_scheduler_ends_at_once(project):
    project.write("pytest.ini", "[pytest]\nbrainscore_dask = tcp://127.0.0.1:9\n")
    project.write(
        "conftest.py", "from pytest_brainscore.harness.engines import cluster as d\nd._CONNECT_S = 0.2"
    )
    result = project.run("--models", "first,second")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*--brainscore-dask tcp://127.0.0.1:9: no Dask scheduler answers*"])
    assert not (project.root / "reports").exists()


@pytest.fixture
def in_threads():
    """A scheduler in this process, and a worker of two threads in it, which declares no resource."""
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        LocalCluster(
            processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0", protocol="tcp://"
        ) as made,
    ):
        yield made


def test_a_worker_of_a_cluster_that_was_there_has_one_seat_whatever_its_threads(in_threads):
    connected = Cluster(in_threads.scheduler_address, 1, "cpu")
    (worker,) = in_threads.scheduler.workers.values()
    assert (worker.nthreads, worker.resources) == (2, {SEAT: 1})
    assert connected.workers() == [worker.address]
    connected.close()
    assert in_threads.scheduler.workers[worker.address].status.name == "running"


def test_a_run_that_ends_takes_nothing_from_another_on_the_same_cluster(in_threads, monkeypatch):
    first, second = (Cluster(in_threads.scheduler_address, 1, "cpu") for _ in range(2))
    benches = {(run, Terms()): object() for run in (first.run, second.run)}
    monkeypatch.setattr(seat, "_benches", benches)
    first.close()
    wait_for(lambda: list(benches) == [(second.run, Terms())])
    in_threads.scale(2)
    wait_for(lambda: len(in_threads.scheduler.workers) == 2)
    wait_for(lambda: len(second.workers()) == 2)
    second.close()


def test_a_unit_finds_open_what_the_last_one_of_its_run_left(monkeypatch):
    monkeypatch.setattr(seat, "_benches", {})
    monkeypatch.setattr(Terms, "open", lambda terms: object())
    first = seat._bench("one", Terms())
    assert seat._bench("one", Terms()) is first
    assert seat._bench("another", Terms()) is not first
    assert list(seat._benches) == [("another", Terms())]


def test_workers_that_were_started_end_where_the_run_cannot_connect(monkeypatch):
    closed = []
    own = SimpleNamespace(workers={0: None}, close=lambda timeout: closed.append(timeout))
    monkeypatch.setattr(cluster, "_local", lambda models, device: own)

    def refused(*_, **__):
        raise OSError("connection refused")

    monkeypatch.setattr(cluster, "Client", refused)
    with pytest.raises(WorkError, match=r"dask local: no workers can be started here \(connection refused"):
        Cluster("local", 1, "cpu")
    assert len(closed) == 1


def test_workers_that_cannot_be_started_end_the_run_once(monkeypatch):
    def broken(models, device):
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(cluster, "_local", broken)
    with pytest.raises(pytest.exit.Exception, match=r"no workers can be started here \(Nanny failed"):
        elsewhere.Elsewhere.connect("local", [], Terms())


def test_a_cluster_without_workers_is_not_waited_for_without_end(in_threads, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_S", 0.3)
    connected = Cluster(in_threads.scheduler_address, 1, "cpu")
    assert len(connected.workers()) == 1
    in_threads.scale(0)
    wait_for(lambda: not in_threads.scheduler.workers)
    assert connected.workers() == []
    with pytest.raises(WorkError, match="has had no worker for 0 seconds"):
        wait_for(lambda: connected.workers())
    connected.close()
    with pytest.raises(WorkError, match=r"--brainscore-dask tcp://.*: no worker came within 0 seconds"):
        Cluster(in_threads.scheduler_address, 1, "cpu")


def test_a_scheduler_that_goes_away_is_said(in_threads):
    connected = Cluster(in_threads.scheduler_address, 1, "cpu")
    in_threads.close()
    with pytest.raises((WorkError, OSError), match=r"was lost|closed"):
        wait_for(lambda: connected.workers() and False)
    connected.close()


def asleep(work, terms, run):
    (work.folder / "begun").touch()
    time.sleep(2)


class Answers:
    """A cluster of two workers: the unit of the first model never ends, others are back at once."""

    run, workers_here = "made up", 2

    def __init__(self):
        self.client = self
        self.looks = 0

    def workers(self):
        self.looks += 1
        if self.looks > 2:
            raise KeyboardInterrupt
        return ["w0", "w1"]

    def submit(self, measure, work, *_, **__):
        made = Future()
        if work.model.id != MODEL.id:
            made.set_result((SCORE, WorkError("too dark")))
        return made

    def as_current(self):
        return nullcontext()


def test_a_score_that_is_back_is_written_before_its_item_has_its_turn(tmp_path, monkeypatch):
    monkeypatch.setattr(elsewhere, "wait", lambda *_, **__: None)
    other = MODEL.model_copy(update={"id": "other"})
    named = [Named(case, Candidate(model, tmp_path), None) for model in (MODEL, other) for case in CASES[:2]]
    nodes = [f"own.yaml::{one.case.id}::{one.candidate.id}" for one in named]
    book = Book(tmp_path / "run", None, ())
    run = SimpleNamespace(items=dict(zip(nodes, named, strict=True)), book=book)
    works = [Work(model, tmp_path, tuple((case, None) for case in CASES[:2])) for model in (MODEL, other)]
    engine = elsewhere.Elsewhere(Answers(), works, Terms(), keep=partial(Run.hear_outcomes, run))
    with pytest.raises(KeyboardInterrupt):
        engine.score(Candidate(MODEL, tmp_path), CASES[0], None)
    assert book.rows == {}
    (row,) = book.results
    assert (row.node, row.status, row.verdict, row.raw) == (nodes[2], "scored", None, SCORE.raw)
    assert len((tmp_path / "run" / "results.jsonl").read_text().splitlines()) == 1


def test_a_lost_scheduler_costs_what_has_no_score_yet(in_threads, tmp_path, monkeypatch):
    monkeypatch.setattr(elsewhere, "measure", asleep)
    connected = Cluster(in_threads.scheduler_address, 1, "cpu")
    engine = elsewhere.Elsewhere(connected, [Work(MODEL, tmp_path, ((CASES[0], None),))], Terms())

    def end():
        wait_for(lambda: (tmp_path / "begun").exists())
        in_threads.close()

    ending = threading.Thread(target=end)
    ending.start()
    for _ in range(2):
        with pytest.raises(WorkError, match=r"the Dask scheduler tcp://.* was lost|[Cc]losed"):
            engine.score(Candidate(MODEL, tmp_path), CASES[0], None)
    ending.join()
    engine.close()


def test_unlike_workers_are_refused(in_threads, monkeypatch):
    ours = {"pytest-brainscore": "0.1.0", "torch": "2.15.0+cpu", "numpy": "2.3.1"}
    assert differences({**ours, "torch": "2.15.0+cu130", "timm": "1.0"}, ours) == ""
    assert differences({**ours, "torch": "2.14.1"}, ours) == "torch 2.14.1 (here: 2.15.0+cpu)"
    assert differences({}, {"torch": "2.15.0"}) == "torch not installed (here: 2.15.0)"
    monkeypatch.setattr(cluster, "versions", lambda: {"torch": "0.4.1"})
    with pytest.raises(WorkError, match=r"the worker tcp://.* has torch 2.*\(here: 0.4.1\)"):
        Cluster(in_threads.scheduler_address, 1, "cpu")


def test_outcomes_name_the_host_and_what_it_lacks(tmp_path):
    assert told(SCORE, "node7", [tmp_path]).about == {"seconds": {"build": 0.2}, "host": "node7"}
    here = told(NotHere("no file"), "node7", [tmp_path, None])
    assert (type(here), str(here)) == (NotHere, "no file (on node7)")
    lacking = told(ModelError("no module nets"), "node7", [tmp_path, Path("/not/there")])
    assert type(lacking) is ModelError
    assert str(lacking).startswith("no module nets (on node7; node7 has no folder /not/there: files that")


def test_dask_is_imported_for_its_option_only():
    found = [
        (path.name, module, at_top) for path in PACKAGE.rglob("*.py") for module, at_top in imports(path)
    ]
    ours = {"cluster.py", "elsewhere.py", "seat.py"}
    assert {name for name, module, _ in found if module.split(".")[0] in ("dask", "distributed")} == ours
    inside = {f"pytest_brainscore.harness.engines.{name.removesuffix('.py')}" for name in ours}
    doors = {(name, at_top) for name, module, at_top in found if module in inside and name not in ours}
    assert doors == {("engine.py", False)}


@pytest.mark.parametrize(
    ("name", "number"), [(3, 3), ("gpu-12", 12), ("tcp://10.0.0.1:40575", 0), ("node7", 0), ("a-1-2", 2)]
)
def test_a_worker_has_the_number_in_its_name(name, number):
    assert number_of(name) == number


def test_code_of_the_project_is_read_again_for_another_run(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "net_of_a_project.py"
    file.write_text("width = 8\n")
    before = importlib.import_module("net_of_a_project")
    file.write_text("width = 12345\n")
    forget_code_below(tmp_path.resolve())
    assert "net_of_a_project" not in sys.modules
    assert (before.width, importlib.import_module("net_of_a_project").width) == (8, 12345)
    assert {"json", "pytest", "pytest_brainscore.errors"} <= set(sys.modules)
    del sys.modules["net_of_a_project"]
