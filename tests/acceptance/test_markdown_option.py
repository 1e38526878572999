"""--brainscore-markdown: what moved and all scores, as Markdown for a pull request."""

from __future__ import annotations

import json
import os
import re

import pytest

from pytest_brainscore.report.changes.markdown import LIMIT, document
from pytest_brainscore.report.changes.verdicts import Told, blocks
from pytest_brainscore.specs.results import Guarded

from ..test_merge import failed, row

MODELS = "--models=small,wide_vit"
FILE = "--brainscore-markdown=out/changes.md"


def written(project) -> str:
    return (project.root / "out" / "changes.md").read_text(encoding="utf-8")


def raise_baseline(project, model: str, by: float) -> None:
    file = project.root / "benchmarks" / "baselines" / "Own.IT-ridge.json"
    told = json.loads(file.read_text())
    line = told["models"][model]
    line["splits"], line["raw"] = [value + by for value in line["splits"]], line["raw"] + by
    del line["check"]
    file.write_text(json.dumps(told))


DIES = """
import os


def dies():
    os._exit(9)
"""


def test_baselines_then_a_regression_and_a_death_on_workers(project):
    assert project.run(MODELS, "--brainscore-update=new", FILE).ret == 0
    first = written(project)
    assert first.startswith("### Brain scores: 2 new baselines\n")
    assert "`2 baselines written by --brainscore-update new`" in first
    assert "without a baseline" not in first
    raise_baseline(project, "wide_vit", 0.2)
    project.write("dies.py", DIES)
    models = project.root / "models.yaml"
    line = "dying: {source: 'dies:dies', layers: {IT: '3'}, preprocess: {size: 32}}\nsets:"
    models.write_text(models.read_text().replace("sets:", line))
    assert project.run(f"{MODELS},dying", FILE, "-n", "2").ret == 1
    assert written(project).startswith(first)  # what was there stays
    said = written(project).removeprefix(first)
    failed, _, heading = said.splitlines()[:3]
    assert failed == "**Failed** under `on`: 1 regressed, 1 not measured, not complete."
    assert heading == "### Brain scores: 1 regressed ↓, 1 same, 1 not measured"
    assert "`not complete: a worker crashed`" in said
    (line,) = [line for line in said.splitlines() if line.startswith("| **regressed** ↓ |")]
    assert "| `Own.IT-ridge` | `wide_vit` |" in line
    assert "| -0.2000 |" in line
    assert line.endswith("| `nothing else` |")
    scores = r"^\| `Own.IT-ridge` \| -?0\.\d{3} → \S+ \| -?0\.\d{3} → \S+ ↓ \|$"
    assert re.search(scores, said, re.MULTILINE)
    assert re.search(r"^\| error \| `Own.IT-ridge` \| `dying` \| .*crashed.* \|$", said, re.MULTILINE)


def test_a_shard_says_that_it_is_one(project):
    assert project.run(MODELS, "--brainscore-shard=1/2", FILE).ret == 0
    said = written(project)
    assert "`shard 1/2: 1 of 2 models`" in said
    assert "1 score(s) without a baseline (`small`): `--brainscore-update new` writes one." in said
    assert project.run(MODELS, "--brainscore-shard=3/3", FILE).ret == 0
    assert written(project).removeprefix(said).startswith("### Brain scores: nothing was scored\n")


def test_a_file_that_cannot_be_written_is_refused_at_the_start(project):
    (project.root / "out").write_text("a file")
    result = project.run(MODELS, FILE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--brainscore-markdown out/changes.md: cannot be written (*/out is no folder)*"]
    )
    result = project.run(MODELS, "--brainscore-json=benchmarks")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--brainscore-json benchmarks: cannot be written (it is a folder)*"])
    result = project.run(MODELS, "--brainscore-reports=out")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--brainscore-reports */out: cannot be written (*/out: Not a directory)*"])
    assert not (project.root / "reports").exists()


def test_a_model_without_a_baseline_fails_a_strict_run(project):
    assert project.run("--models=small", "--brainscore-update=new", FILE).ret == 0
    first = written(project)
    assert project.run(MODELS, "--brainscore-guard=strict", FILE).ret == pytest.ExitCode.TESTS_FAILED
    said = written(project).removeprefix(first)
    assert said.startswith(
        "**Failed** under `strict`: 1 unguarded.\n\n### Brain scores: 1 same, 1 unguarded\n"
    )


def guarded(model: str, benchmark: str, verdict: str, delta: float | None, message: str = "", **told):
    about = {"baseline": "b.json", "key": model, "message": message, "moved": True, "updates": True}
    judged = Guarded(**about, delta_in_se=None if delta is None else delta / 0.01, **told)
    return row(model, benchmark, verdict=verdict, delta=delta, guard=judged)


def test_the_most_urgent_comes_first():
    rows = [
        guarded("a", "B.IT-pls", "same", 0.0),
        guarded("a", "B.V1-pls", "drifted", -0.005),
        guarded("a", "B.V2-pls", "improved", 0.05),
        guarded("a", "B.V4-pls", "mismatched", None, "mismatched: spec 1 → 2"),
        guarded("a", "B.V4-rdm", "regressed", -0.03, changed=("weights 1 → 2", "layer a|b → `c`")),
        guarded("b", "B.V4-rdm", "regressed", -0.06, minimum=0.9),
        failed("a", "B.OTC-pls"),
    ]
    text = document(blocks(Told("run", rows)))
    assert text.startswith(
        "### Brain scores: 2 regressed ↓, 1 mismatched ≠, 1 improved ↑, 1 drifted ~, 1 same, 1 not"
    )
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| **")]
    assert [line[1] for line in lines] == [
        f"`B.{name}`" for name in ("V4-rdm", "V4-rdm", "V4-pls", "V2-pls", "V1-pls")
    ]
    assert lines[0][2:] == [
        "`b`",
        "0.4100",
        "0.3500",
        "-0.0600",
        "-6.0",
        "`below the minimum 0.9000; nothing else` |",
    ]
    assert lines[1][-1] == "<code>weights 1 → 2; layer a&#124;b → &#96;c&#96;</code> |"
    assert lines[2][3:] == ["-", "0.2500", "-", "-", "`spec 1 → 2` |"]
    assert "| error | `B.OTC-pls` | `a` | `no such file` |" in text
    assert "In se: in standard errors" in text


def test_standard_errors_are_explained_only_where_there_are_some():
    rows = [guarded("a", "B.V4-rdm", "regressed", None), guarded("b", "B.V4-rdm", "same", 0.0)]
    text = document(blocks(Told("run", rows)))
    assert text.rstrip().endswith("\nRun `run`. Raw → ceiled scores.")


def test_a_regression_that_is_known_is_told_apart():
    rows = [
        guarded("a", "B.V4-pls", "regressed", -0.02),
        guarded("b", "B.V4-pls", "regressed", -0.09, known="#41, filters"),
        guarded("c", "B.V4-pls", "same", 0.0, known="was poor"),
    ]
    text = document(blocks(Told("run", rows)))
    assert text.startswith("### Brain scores: 1 regressed ↓, 1 known (↓), 1 same\n")
    assert [line for line in text.splitlines() if line.startswith("| **")] == [
        "| **regressed** ↓ | `B.V4-pls` | `a` | 0.2700 | 0.2500 | -0.0200 | -2.0 | `nothing else` |"
    ]
    assert "| known (↓) | `B.V4-pls` | `b` | 0.4400 | 0.3500 | -0.0900 | -9.0 | `#41, filters` |" in text
    assert "`c` on `B.V4-pls` is no longer down (`was poor`): take it out of `guard.known`." in text
    assert re.search(r"^\| `B.V4-pls` \| \S+ → \S+ ↓ \| \S+ → \S+ \(↓\) \| [^↓]+ \|$", text, re.MULTILINE)


def test_a_hundred_models_on_sixty_benchmarks_are_cut_to_what_a_comment_takes():
    one, names = row("a"), [(f"a{i}", f"Set.region{j}-pls") for i in range(100) for j in range(60)]
    rows = [one.model_copy(update={"model": model, "benchmark": benchmark}) for model, benchmark in names]
    text = document(blocks(Told("run", rows)))
    assert LIMIT - 500 < len(text) <= LIMIT
    assert re.search(r"^\*\*\d+ row\(s\) of tables were left out here: ", text.splitlines()[-1])


def test_messages_of_strangers_stay_in_their_cells():
    bad = "@team fixes #1 | <img src=x> `code`\n| **x** |\n# heading"
    text = document(blocks(Told("run", [failed("a").model_copy(update={"message": bad})])))
    (line,) = [line for line in text.splitlines() if line.startswith("| error")]
    assert line.count("|") == 5
    assert not set("@<`*#") & set(re.sub(r"</?code>|`[^`]*`|&#\d+;", "", line))
    assert os.linesep not in line
