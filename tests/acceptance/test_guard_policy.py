"""What guards let pass: strict, warn and off; minimum and known; baselines that cannot be read."""

from __future__ import annotations

import re

import pytest

from .test_guard import AFTER, BEFORE, BENCHMARKS, WORKERS, Guarded

SPLITS = "splits: &splits {n: 4, train: 0.75}"
POLICY = """guard: {
      minimum: {steady: 0.1, moved: 0.9, fresh: 0.1},
      known: {fallen: filters lost in the rewrite, risen: was poor}}"""
GONE = f"""
  - id: Gone
    reader: arrays
    stimuli: {{images: images}}
    recordings: {{file: {{url: "http://127.0.0.1:9/gone.npy", sha256: {"a" * 64}}}}}
benchmarks:
  - {{dataset: Gone, id: IT-gone, region: IT, metric: rdm}}
"""
NEWER = r"IT-other.json:2: is of format 2, and this version reads 1: update pytest-brainscore"
BROKEN = {
    "Own.IT-rdm": (lambda text: text[: len(text) // 2], r"IT-rdm.json:\d+: not JSON, perhaps cut off"),
    "Own.IT-spec": (
        lambda text: text.replace('"fallen"', '<<<<<<< HEAD\n"fallen"', 1),
        r"IT-spec.json:5: a merge conflict: choose a side",
    ),
    "Other.IT-other": (lambda text: text.replace('"format": 1', '"format": 2'), NEWER),
}


def break_baselines(project: Guarded) -> None:
    for name, (broken, _) in BROKEN.items():
        path = project.baselines / f"{name}.json"
        path.write_text(broken(path.read_text()))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A project with baselines, after which weights change."""
    project = Guarded(tmp_path_factory.mktemp("policy"), ())
    assert project.run(f"--models={','.join(BEFORE)}", "--brainscore-update=new").ret == 0
    project.models(**AFTER)
    return project


@pytest.fixture(scope="module", params=WORKERS)
def strict(request, recorded):
    """A strict run with a policy, unreadable baselines and a file that is missing offline."""
    recorded.workers = request.param
    text = BENCHMARKS.replace(SPLITS, f"{SPLITS}, {POLICY}").replace("\nbenchmarks:\n", GONE)
    (recorded.suite / "own.yaml").write_text(text)
    kept = {name: (recorded.baselines / f"{name}.json").read_text() for name in BROKEN}
    break_baselines(recorded)
    recorded.first = recorded.state()
    result = recorded.run(
        f"--models={','.join(AFTER)}", "--brainscore-guard=strict", "--brainscore-offline", "-rA"
    )
    result.unchanged = recorded.state() == recorded.first
    for name, content in kept.items():
        (recorded.baselines / f"{name}.json").write_text(content)
    return result


def outcome(result, name: str) -> str:
    return re.search(rf"^(\w+) benchmarks/own.yaml::{name}(?: - .*)?$", result.text, re.MULTILINE)[0]


def test_strict_fails_what_moved(strict):
    assert strict.ret == pytest.ExitCode.TESTS_FAILED
    assert outcome(strict, "IT-ridge::steady").startswith("PASSED")
    assert "shaken on Own.IT-ridge drifted: " in outcome(strict, "IT-ridge::shaken")
    assert outcome(strict, "IT-ridge::shaken").startswith("FAILED")


def test_a_known_regression_is_an_expected_failure(strict):
    assert outcome(strict, "IT-ridge::fallen").startswith("XFAIL")
    assert "filters lost in the rewrite" in outcome(strict, "IT-ridge::fallen")
    guards = {name: strict.rows["Own.IT-ridge", name]["guard"] for name in ("fallen", "risen", "moved")}
    reasons = {"fallen": "filters lost in the rewrite", "risen": "was poor", "moved": None}
    assert {name: guard["known"] for name, guard in guards.items()} == reasons
    assert re.search(r"^guard: .*\b1 known \(↓\)", strict.text, re.MULTILINE)


def test_a_known_regression_that_is_gone_is_a_failure(strict):
    said = outcome(strict, "IT-ridge::risen")
    assert said.startswith("FAILED")
    assert "take it out of guard.known in own.yaml:" in strict.text
    assert "(was poor)" in strict.text


def test_a_minimum_is_a_threshold_with_and_without_a_baseline(strict):
    row = strict.rows["Own.IT-ridge", "moved"]
    assert row["verdict"] == "regressed"
    assert (row["guard"]["minimum"], row["delta"]) == (0.9, pytest.approx(0, abs=1e-6))
    said = f"moved on Own.IT-ridge regressed: {row['raw']:.4f} is below the minimum 0.9000"
    assert outcome(strict, "IT-ridge::moved") == f"FAILED benchmarks/own.yaml::IT-ridge::moved - {said}"
    assert "lower guard.minimum of moved in benchmarks/own.yaml:" in strict.text
    assert strict.rows["Own.IT-ridge", "fresh"]["verdict"] == "unguarded"
    assert outcome(strict, "IT-ridge::fresh").startswith("PASSED")


def test_strict_does_not_skip(strict):
    assert outcome(strict, "IT-gone::steady").startswith("ERROR")
    assert "gone.npy" in outcome(strict, "IT-gone::steady")


@pytest.mark.parametrize("name", BROKEN)
def test_a_baseline_that_cannot_be_read_is_an_error_and_stays(strict, name):
    said = outcome(strict, f"{name.split('.')[1]}::steady")
    assert said.startswith("ERROR")
    assert re.search(BROKEN[name][1], strict.text)
    assert strict.rows[name, "steady"]["status"] == "error"
    assert strict.unchanged
    assert "Traceback" not in strict.text


def test_strict_needs_baselines(recorded):
    recorded.workers = ()
    recorded.benchmarks()
    result = recorded.run("--models=fresh", "--brainscore-guard=strict", "-k", "IT-ridge")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "fresh on Own.IT-ridge unguarded: " in result.text
    command = "python -m pytest benchmarks/own.yaml::IT-ridge::fresh --models=fresh --brainscore-update=new"
    assert f"to accept  {command}" in result.text


def test_warn_warns(recorded):
    recorded.workers = ()
    recorded.benchmarks(SPLITS, f"{SPLITS}, {POLICY}")
    result = recorded.run("--models=fallen,shaken,moved", "--brainscore-guard=warn", "-k", "IT-ridge")
    assert result.ret == 0
    assert "1 passed" not in result.text
    assert "GuardWarning: shaken on Own.IT-ridge drifted: " in result.text
    assert "GuardWarning: moved on Own.IT-ridge regressed: " in result.text
    assert "1 xfailed" in result.text


def test_off_judges_nothing(recorded):
    recorded.workers = ()
    recorded.benchmarks(SPLITS, f"{SPLITS}, {POLICY}")
    kept = (recorded.baselines / "Own.IT-rdm.json").read_text()
    break_baselines(recorded)
    result = recorded.run("--models=fallen,moved", "--brainscore-guard=off", "-k", "IT-ridge or IT-rdm")
    (recorded.baselines / "Own.IT-rdm.json").write_text(kept)
    assert result.ret == 0
    assert {(row["verdict"], row["delta"], row["guard"] is None) for row in result.rows.values()} == {
        (None, None, True)
    }
    assert "guard:" not in result.text


def test_a_drop_in_standard_errors_needs_splits(recorded):
    recorded.benchmarks("metric: rdm", "metric: rdm, guard: {drop: 2 se}")
    result = recorded.run("--models=steady", workers=False)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    said = r"own.yaml:14: benchmarks.1.guard: drop: 2 se needs several splits, .*: write drop: 0.01"
    assert re.search(said, result.text)
    recorded.benchmarks()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "brainscore_guard=True"], 'on, strict: write on, and in YAML "on" in quotes'),
        (["--brainscore-guard=false"], 'on, strict: write off, and in YAML "off" in quotes'),
        (["--brainscore-guard=stric"], "stric is none of off, warn, on, strict; did you mean strict?"),
        (["--brainscore-update=change"], "change is none of new, changed, all, all!; did you mean changed?"),
        (["--brainscore-update=new", "--brainscore-guard=off"], "there are no guards with"),
    ],
)
def test_values_that_are_none(recorded, options, message):
    result = recorded.run("--models=steady", *options, workers=False)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.text


def test_a_misspelt_model_in_the_policy_is_an_error_with_its_line(recorded):
    recorded.workers = ()
    recorded.benchmarks(SPLITS, f"{SPLITS}, guard: {{minimum: {{stedy: 0.1}}}}")
    result = recorded.run("--models=steady", "-k", "IT-ridge")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert re.search(r"own.yaml:\d+: guard: no model stedy; did you mean steady", result.text)


def test_a_misspelt_model_of_a_published_figure_is_an_error_with_its_line(recorded):
    recorded.workers = ()
    others = "{of: ceiling, value: 0.8, source: s}, {of: resnet18, raw: 0.1, source: s}"
    figures = f"{others}, {{of: %s, raw: 0.1, source: s}}"
    recorded.benchmarks(SPLITS, f"{SPLITS}, published: [{figures % 'alexnett'}]")
    result = recorded.run("--models=steady", "--collect-only")
    assert re.search(r"own.yaml:\d+: published: no model alexnett; did you mean alexnet", result.text)
    recorded.benchmarks(SPLITS, f"{SPLITS}, published: [{figures % 'steady'}]")
    assert "4 tests collected" in recorded.run("--models=steady", "--collect-only").text
