"""Many workers: the same scores, each model loaded once, and a crash costs the item that it was in."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from .starter import begun

NETS = """
import os
import signal
from pathlib import Path

from nets import small
from torch import nn


class Counted(nn.Sequential):
    def forward(self, images):
        note("shown.txt", f"{len(images)}")
        return super().forward(images)


def made(name: str, seed: int, falls: bool = False) -> nn.Module:
    note("built.txt", f"{name} {os.getpid()}")
    fallen = Path(f"{name}.fallen")
    if falls and not fallen.exists():
        fallen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Counted(small(seed=seed))


def note(file: str, line: str) -> None:
    with open(file, "a") as lines:
        lines.write(line + "\\n")
"""

METRICS = """
  - region: IT
    metric: {name: rdm}
  - region: IT
    metric: {name: cka}
"""

FOREIGN = """
import pytest

@pytest.mark.parametrize("i", range(4))
def test_own(i):
    assert i < 4
"""


def entry(name, seed, falls=False):
    arguments = f"{{name: {name}, seed: {seed}, falls: {str(falls).lower()}}}"
    return (
        f"{name}: {{source: 'team:made', arguments: {arguments}, layers: {{IT: '0.3'}},"
        " preprocess: {size: 32}}\n"
    )


@pytest.fixture
def team(project):
    """Three benchmarks; two networks that tell what is done with them, and one that falls once."""
    project.write("team.py", NETS)
    project.write("benchmarks/own.yaml", (project.root / "benchmarks/own.yaml").read_text() + METRICS)
    models = [entry("a", 1), entry("b", 2), entry("c", 3, falls=True)]
    project.write("models.yaml", "".join(models))
    project.write("test_foreign.py", FOREIGN)
    return project


def built(project):
    return [line.split() for line in (project.root / "built.txt").read_text().splitlines()]


def rows(project, reports="reports"):
    (path,) = (project.root / reports).glob("*/results.json")
    document = json.loads(path.read_text())
    return document, {(row["benchmark"], row["model"]): row for row in document["results"]}


def test_two_workers_give_the_scores_of_one_and_load_each_model_once(team, monkeypatch):
    arguments = ("benchmarks", "test_foreign.py", "--models", "a,b")
    team.run(*arguments, "--brainscore-reports", "alone").assert_outcomes(passed=10)
    monkeypatch.setenv("BRAINSCORE_CACHE", str(team.root / "another cache"))
    (team.root / "built.txt").unlink()
    team.run(*arguments, "--brainscore-reports", "both", "-n", "2").assert_outcomes(passed=10)
    names, processes = zip(*built(team), strict=True)
    assert sorted(names) == ["a", "b"]
    assert len(set(processes)) == 2
    (_, alone), (document, both) = rows(team, "alone"), rows(team, "both")
    assert document["complete"] is True
    assert list(both) == list(alone)
    for key, row in alone.items():
        assert both[key]["splits"] == pytest.approx(row["splits"], abs=1e-6)
        for figure in ("raw", "error", "ceiling", "ceiled"):
            assert both[key][figure] == pytest.approx(row[figure], abs=1e-6)


def test_a_killed_worker_costs_the_item_that_it_was_in(team):
    result = team.run("--models", "c,a", "-n", "2", "-v", "--junitxml", "junit.xml")
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    result.stdout.fnmatch_lines(["* ERROR at setup of Own.IT-ridge of c *"])
    document, found = rows(team)
    assert document["complete"] is True
    assert len(found) == 6
    (lost,) = (key for key, row in found.items() if row["status"] == "error")
    assert lost == ("Own.IT-ridge", "c")
    assert found[lost]["message"].startswith("worker gw")
    assert "crashed in this item: SIGKILL, as where memory runs out" in found[lost]["message"]
    cases = list(ET.parse(team.root / "junit.xml").iter("testcase"))
    (case,) = (case for case in cases if case.find("error") is not None)
    properties = {found.get("name"): found.get("value") for found in case.iter("property")}
    assert properties == {"benchmark": "Own.IT-ridge", "model": "c", "region": "IT", "metric": "ridge"}
    assert len(cases) == 6
    assert sorted(name for name, _ in built(team)) == ["a", "c", "c"]
    (lines,) = (team.root / "reports").glob("*/results.jsonl")
    assert len(lines.read_text().splitlines()) == 6


def test_a_run_that_ends_with_a_crash_says_that_it_is_not_complete(team):
    result = team.run("--models", "c", "-n", "1", "--max-worker-restart=0")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    document, found = rows(team)
    assert document["complete"] is False
    result.stdout.fnmatch_lines(["2 item(s) have no result: workers crashed, and the run ended before*"])
    assert [(key, row["status"]) for key, row in found.items()] == [(("Own.IT-ridge", "c"), "error")]


def test_nothing_starts_after_a_crash_under_exitfirst(team):
    team.write("test_foreign.py", FOREIGN + "    import os\n    os._exit(3)\n")
    result = team.run("test_foreign.py", "--models", "a", "-n", "1", "-x")
    result.assert_outcomes(failed=1)


def test_two_runs_on_one_store_compute_once(team):
    words = ["-p", "no:cacheprovider", "--models", "a", "-k", "ridge", "--brainscore-reports"]
    both = [begun([*words, reports], team.root) for reports in ("one", "other")]
    assert [process.wait(300) for process in both] == [0, 0]
    assert len(built(team)) == 2
    assert (team.root / "shown.txt").read_text().split() == ["20"]
    (_, one), (_, other) = rows(team, "one"), rows(team, "other")
    key = ("Own.IT-ridge", "a")
    assert one[key]["raw"] == other[key]["raw"]
    assert sorted([one[key]["cache_hit"], other[key]["cache_hit"]]) == [False, True]


@pytest.mark.parametrize(
    ("arguments", "scheduler"),
    [
        (("--models", "a"), "ByModel"),
        (("--models", "a", "--dist", "loadfile"), "LoadFileScheduling"),
        (("--models", "a", "--dist", "load"), "LoadScheduling"),
        ((), "LoadScheduling"),
    ],
)
def test_ours_deals_out_where_models_are_named_and_nothing_else_is_asked_for(team, arguments, scheduler):
    result = team.run("test_foreign.py", "-n", "1", "-v", *arguments)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([f"scheduling tests via {scheduler}"])


def test_a_worker_that_dies_while_it_collects_is_replaced(team):
    team.write(
        "conftest.py",
        """
        import os

        def pytest_collection_finish():
            if os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
                os.kill(os.getpid(), 9)
        """,
    )
    result = team.run("test_foreign.py", "--models", "a", "-n", "2")
    result.assert_outcomes(passed=4)
