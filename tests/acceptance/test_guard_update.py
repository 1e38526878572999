"""What --brainscore-update writes, what it leaves, and when it refuses."""

from __future__ import annotations

import json
import shlex
import shutil

import pytest

from .starter import begun
from .test_guard import AFTER, BEFORE, BENCHMARKS, WORKERS, Guarded

ALL = f"--models={','.join(BEFORE)}"
WITHOUT_OTHER = BENCHMARKS.replace(BENCHMARKS.splitlines()[-1] + "\n", "")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A project with baselines."""
    project = Guarded(tmp_path_factory.mktemp("template"), ())
    assert project.run(ALL, "--brainscore-update=new").ret == 0
    return project


@pytest.fixture
def project(template, tmp_path):
    """A copy of its own."""
    copied = object.__new__(Guarded)
    copied.root, copied.workers = tmp_path / "project", ()
    shutil.copytree(template.root, copied.root)
    copied.suite, copied.baselines = copied.root / "benchmarks", copied.root / "benchmarks" / "baselines"
    return copied


def changed_lines(before: dict, after: dict) -> set[str]:
    return {key for key in {*before, *after} if before.get(key) != after.get(key)}


def accept_command(result, item: str) -> list[str]:
    """The command that a failure names."""
    failure = result.text.split(f"{item} ")[1]
    return shlex.split(failure.split("to accept  python -m pytest ")[1].splitlines()[0])


def test_the_command_of_a_failure_accepts_it_and_nothing_else(project):
    project.models(**{**BEFORE, "fallen": "poor", "moved": "poor"})
    failed = project.run("--models=fallen,moved,steady", "-k", "IT-ridge")
    assert failed.ret == pytest.ExitCode.TESTS_FAILED
    before, files = project.lines(), project.state()
    accepted = project.run(*accept_command(failed, "fallen on Own.IT-ridge regressed:"))
    assert accepted.ret == 0
    assert "1 baseline changed: git add -N benchmarks/baselines" in accepted.text
    assert accepted.verdicts() == {"fallen": "regressed"}
    assert changed_lines(before, project.lines()) == {"fallen"}
    assert project.lines()["fallen"]["raw"] == pytest.approx(
        accepted.rows["Own.IT-ridge", "fallen"]["raw"], abs=1e-7
    )
    others = {name: state for name, state in project.state().items() if name != "Own.IT-ridge.json"}
    assert others == {name: files[name] for name in others}


def test_lines_of_another_side_are_renewed_as_their_models_run(project):
    project.benchmarks("alpha: 2.0", "alpha: 3.0")
    before = json.loads(project.state()["Own.IT-spec.json"][0])["models"]
    renewed = project.run("--models=steady", "-k", "IT-spec", "--brainscore-update=changed")
    assert renewed.ret == 0
    after = json.loads((project.baselines / "Own.IT-spec.json").read_text())["models"]
    assert before["steady"]["side"]["spec"] != after["steady"]["side"]["spec"]
    assert changed_lines(before, after) == {"steady"}
    again = project.run("--models=steady,fallen", "-k", "IT-spec")
    assert again.verdicts("Own.IT-spec") == {"steady": "same", "fallen": "mismatched"}


@pytest.mark.parametrize("workers", WORKERS)
def test_all_takes_what_ran_and_a_full_run_prunes_what_is_gone(project, workers):
    project.workers = workers
    (project.suite / "own.yaml").write_text(WITHOUT_OTHER)
    models = {name: kind for name, kind in BEFORE.items() if name != "risen"}
    project.models(**{**models, "shaken": "noisy"})
    before = project.lines()
    result = project.run("--models=steady,shaken", "--brainscore-update=all")
    assert result.ret == 0
    assert not (project.baselines / "Other.IT-other.json").exists()
    assert changed_lines(before, project.lines()) == {"shaken", "risen"}
    assert sorted(project.lines()) == ["fallen", "moved", "shaken", "steady"]
    assert f"{3 + 3 + 5} baselines changed" in result.text
    assert "baselines pruned: Other.IT-other.json, risen of Own.IT-rdm, " in result.text


@pytest.mark.parametrize("workers", WORKERS)
def test_a_run_that_is_cut_short_writes_nothing(project, workers):
    project.workers = workers
    project.models(**{**AFTER, "steady": "noisy"})
    (project.root / "test_last.py").write_text("def test_fails():\n    assert False\n")
    files = project.state()
    result = project.run(ALL, "-x", "--brainscore-update=changed", "benchmarks", "test_last.py")
    assert result.ret != 0
    assert "no baseline is updated: the run was cut short" in result.text
    assert project.state() == files


def test_a_run_that_lost_a_worker_writes_nothing(project):
    project.workers = ("-n", "2")
    (project.root / "dying.py").write_text("import os\n\n\ndef net():\n    os._exit(3)\n")
    files = project.state()
    result = project.run("--models=dying:net,fallen", "-k", "IT-rdm", "--brainscore-update=all!")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "no baseline is updated: a worker crashed" in result.text
    assert project.state() == files


def test_a_partial_run_prunes_nothing_and_all_is_refused_in_ci(project):
    (project.suite / "own.yaml").write_text(WITHOUT_OTHER)
    files = project.state()
    refused = project.run(ALL, "--brainscore-update=all", CI="true")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    assert "--brainscore-update all: refused where CI is set" in refused.text
    forced = project.run("--models=steady", "--brainscore-update=all!", "-k", "IT-ridge", CI="true")
    assert forced.ret == 0
    assert "0 baselines changed" in forced.text
    assert project.state() == files


def test_new_leaves_what_has_a_baseline(project):
    project.models(**{**AFTER, "moved": "noisy"})
    before = project.lines()
    result = project.run("--models=moved,fresh,fallen", "--brainscore-update=new", "-k", "IT-ridge")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert changed_lines(before, project.lines()) == {"fresh"}
    assert result.verdicts() == {"fallen": "regressed", "fresh": "unguarded", "moved": "drifted"}
    assert "1 baseline written: git add -N" in result.text


def test_a_folder_that_cannot_be_written(project):
    shutil.rmtree(project.baselines)
    project.baselines.write_text("in the way")
    result = project.run("--models=steady", "--brainscore-update=new", "-k", "IT-ridge")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "baselines" in result.text
    assert "Traceback" not in result.text
    assert project.baselines.read_text() == "in the way"


def test_two_runs_at_once_keep_each_others_lines(project):
    shutil.rmtree(project.baselines)
    words = ["-q", "-k", "IT-ridge", "--brainscore-update=new"]
    names = ("steady,shaken,fallen", "risen,moved")
    runs = [begun([*words, f"--models={some}"], project.root, project.environment()) for some in names]
    assert [run.wait() for run in runs] == [0, 0]
    assert sorted(project.lines()) == sorted(BEFORE)
