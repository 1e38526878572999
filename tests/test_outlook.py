"""The outlook: what a run will take, in words, and where the figures come from."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_brainscore.data.disk import STORE, kept_at
from pytest_brainscore.data.lacks import Lack
from pytest_brainscore.harness import schedule
from pytest_brainscore.harness.nodes import Named
from pytest_brainscore.harness.records import ending
from pytest_brainscore.harness.watching import forecast, ledger
from pytest_brainscore.harness.watching.outlook import Outlook, duration, size
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.results import Row
from pytest_brainscore.suite.selection import Candidate
from pytest_brainscore.versions import versions

PLAIN = Outlook(
    nodes=("a", "b", "c"),
    models=("one", "one", "two"),
    seconds=(None, None, None),
    benchmarks=2,
    passes=2,
    stored=0,
    lacks=(),
)
HEAD = "brainscore: 2 model(s) x 2 benchmark(s): 3 item(s), at most 2 forward pass(es)"


def test_a_first_run_with_all_files_here_has_one_line():
    assert list(PLAIN.lines()) == [HEAD]


def test_stored_passes_are_counted():
    assert list(replace(PLAIN, stored=1).lines()) == [f"{HEAD}, 1 of them stored"]


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        ([Lack("a.npy", 3_000_000)], "to fetch: 1 file(s), 3.0 MB"),
        ([Lack("a.npy", 3_000_000), Lack("w", 97_500_000, exact=False)], "to fetch: 2 file(s), about 100 MB"),
        ([Lack("a.npy", 40_000_000), Lack("b", None)], "to fetch: 2 file(s), 40 MB and 1 of unknown size"),
        ([Lack("b", None)], "to fetch: 1 file(s), 1 of unknown size"),
    ],
)
def test_what_is_to_be_fetched(lacks: list[Lack], words: str):
    assert list(replace(PLAIN, lacks=tuple(lacks)).lines())[1] == f"brainscore: {words}"
    offline = replace(PLAIN, lacks=tuple(lacks), offline=True)
    assert list(offline.lines())[1] == f"brainscore: {words.replace('to fetch', 'offline, and not here')}"


def test_the_time_of_earlier_runs_and_what_never_ran():
    known = replace(PLAIN, seconds=(100.0, 50.0, 30.0))
    assert list(known.lines())[1] == "brainscore: about 3 min"
    some = replace(PLAIN, seconds=(100.0, None, 50.0), lacks=(Lack("a", 10**7),))
    assert list(some.lines())[1] == (
        "brainscore: to fetch: 1 file(s), 10 MB; about 4 min (1 of 3 items never ran here)"
    )


def test_workers_share_the_time_but_a_model_stays_on_one():
    assert replace(PLAIN, seconds=(10.0, 10.0, 20.0), workers=2).takes() == 20
    assert replace(PLAIN, seconds=(30.0, 30.0, 20.0), workers=2).takes() == 60
    assert replace(PLAIN, seconds=(30.0, None, 20.0), workers=1).takes() == 75


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (42.4, "42 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (200, "3 min"),
        (5399, "1 h 30 min"),
        (8000, "2 h 13 min"),
    ],
)
def test_durations(seconds: float, words: str):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0.0 MB"),
        (812_000, "0.8 MB"),
        (244_400_000, "244 MB"),
        (999_600_000, "1.0 GB"),
        (3_200_000_000, "3.2 GB"),
    ],
)
def test_sizes(count: int, words: str):
    assert size(count) == words


YAML = """
dataset:
  id: Own
  reader: arrays
  stimuli: {images: {url: "https://example.org/images.zip", sha256: SHA, bytes: 5000000}}
  recordings: {file: responses.npy, dims: [stimulus, neuroid], region: IT}
benchmarks:
  - {region: IT, metric: pls}
  - {region: IT, metric: rdm}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Two models on two benchmarks; the data are to be fetched."""
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BRAINSCORE_MIRROR", raising=False)
    path = tmp_path / "own.yaml"
    path.write_text(YAML.replace("SHA", "c0" * 32))
    models = [Candidate(Model(id=name, source="nets:small"), tmp_path) for name in ("one", "two")]
    named = [Named(case, model, None) for model in models for case in load_cases(path)]
    run = SimpleNamespace(
        settings=SimpleNamespace(offline=False, device="cpu", dask=None),
        team=SimpleNamespace(count=0),
        candidates=models,
        is_worker=False,
        outlook=None,
    )
    return SimpleNamespace(run=run, named=named, cache=tmp_path / "cache")


def ran(project: SimpleNamespace, named: Named, **seconds: float) -> Row:
    """The row of an item that ran, its activations stored under a key of its model's."""
    key = named.candidate.id.ljust(64, "0")
    path = kept_at(project.cache / STORE, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return Row(
        benchmark=named.case.name,
        model=named.candidate.id,
        layer="1",
        dataset="Own",
        region="IT",
        metric=named.case.metric,
        status="scored",
        digests={"spec": named.case.digest, "stimuli": "s"},
        versions=versions(),
        device="cpu",
        seconds={"build": 1.0, "forward": 8.0, "metric": 0.5, **seconds},
        cache_hit=False,
        stored=key,
    )


def ahead(project: SimpleNamespace) -> Outlook:
    nodes = [str(i) for i in range(len(project.named))]
    return forecast.ahead(nodes, project.named, project.run.settings, project.run.team.count)


def test_before_anything_ran(project: SimpleNamespace):
    first = ahead(project)
    assert (first.passes, first.stored, first.benchmarks, first.workers) == (2, 0, 2, 1)
    assert first.seconds == (None,) * 4
    assert first.lacks == (Lack("images.zip", 5_000_000),)


def test_a_run_is_kept_and_known_to_the_next(project: SimpleNamespace):
    one_pls, one_rdm, two_pls, _ = project.named
    rows = [ran(project, one) for one in (one_pls, one_rdm, two_pls)]
    project.run.book = SimpleNamespace(rows=dict(enumerate(rows)))
    ending.keep_times(project.run)
    second = ahead(project)
    # the first model's pass is stored: build + metric, then metric; of the second one item never ran
    assert second.seconds == (1.5, 0.5, 1.5, None)
    assert (second.passes, second.stored) == (2, 1)


def test_what_another_machine_measured_is_not_what_it_takes_here(project: SimpleNamespace):
    here, there, plain, _ = (ran(project, one) for one in project.named)
    hosts = here.model_copy(update={"host": platform.node()}), there.model_copy(update={"host": "node7"})
    project.run.book = SimpleNamespace(rows=dict(enumerate([*hosts, plain])))
    ending.keep_times(project.run)
    noted = ledger.Ledger.read(project.cache).entries
    assert [(entry.model, entry.benchmark) for entry in noted] == [
        ("one", "Own.IT-pls"),
        ("two", "Own.IT-pls"),
    ]


def test_the_time_under_dask_is_that_of_the_work(project: SimpleNamespace):
    project.run.book = SimpleNamespace(rows={i: ran(project, one) for i, one in enumerate(project.named)})
    ending.keep_times(project.run)
    project.run.settings.dask = "local"
    told = [line for line in ahead(project).lines() if " of work" in line]
    assert [line.rpartition("; ")[2] for line in told] == ["about 4 s of work, shared by the workers of Dask"]


def test_a_run_that_fetched_does_not_count_it(project: SimpleNamespace):
    project.run.book = SimpleNamespace(rows={0: ran(project, project.named[0], build=300.0)})
    project.run.outlook = ahead(project)
    ending.keep_times(project.run)
    assert ahead(project).seconds[0] == 0.5


def test_a_tensor_that_is_gone_is_computed_again(project: SimpleNamespace):
    project.run.book = SimpleNamespace(rows={i: ran(project, one) for i, one in enumerate(project.named)})
    ending.keep_times(project.run)
    assert ahead(project).stored == 2
    kept_at(project.cache / STORE, "one".ljust(64, "0")).unlink()
    again = ahead(project)
    assert again.stored == 1
    assert again.seconds == (9.5, 0.5, 1.5, 0.5)


def test_what_another_spec_or_torch_stored_does_not_count(
    project: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
):
    project.run.book = SimpleNamespace(rows={i: ran(project, one) for i, one in enumerate(project.named)})
    ending.keep_times(project.run)
    monkeypatch.setattr(forecast, "versions", lambda: {"torch": "99"})
    assert ahead(project).stored == 0
    monkeypatch.undo()
    monkeypatch.setenv("BRAINSCORE_CACHE", str(project.cache))
    other = project.named[0].candidate.model.model_copy(update={"arguments": {"width": 3}})
    project.named[:2] = [
        replace(one, candidate=replace(one.candidate, model=other)) for one in project.named[:2]
    ]
    assert ahead(project).stored == 1


def test_a_worker_and_a_run_without_rows_keep_nothing(project: SimpleNamespace):
    project.run.book = SimpleNamespace(rows={})
    ending.keep_times(project.run)
    project.run.book = SimpleNamespace(rows={0: ran(project, project.named[0])})
    project.run.is_worker = True
    ending.keep_times(project.run)
    assert ledger.Ledger.read(project.cache).entries == ()


def test_the_controller_of_workers_prints_it_once_asked(project: SimpleNamespace):
    said: list[str] = []
    terminal = SimpleNamespace(config=SimpleNamespace(get_verbosity=lambda: 0), write_line=said.append)
    project.run.outlook = PLAIN
    schedule.announce(project.run, terminal)
    assert said == []
    project.run.team.count = 2
    schedule.announce(project.run, None)
    schedule.announce(project.run, terminal)
    assert said == [HEAD]
