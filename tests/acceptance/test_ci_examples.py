"""examples/ci: the steps of both files run as their services would run them, in a small project.

Python is a stub that hands ``-m pytest`` to the starter, so that runs begin at once; `gh` and `curl` only
note what they were asked. The report is made once: it takes longer than all else.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import chdir, redirect_stdout
from pathlib import Path

import pytest
import yaml

from pytest_brainscore.__main__ import main

from ..conftest import ROOT
from .conftest import UNUSED, draw_images, make_responses, on_own
from .starter import started

EXAMPLES = ROOT / "examples" / "ci"
GITHUB = yaml.load((EXAMPLES / "github.yml").read_text(), Loader=yaml.BaseLoader)  # `on` stays a word
GITLAB = yaml.safe_load((EXAMPLES / "gitlab.yml").read_text())["brain-scores"]
MAJORS = {
    "actions/checkout": {"v4", "v5", "v6"},
    "actions/setup-python": {"v5", "v6"},
    "actions/cache/restore": {"v4", "v5"},
    "actions/cache/save": {"v4", "v5"},
    "actions/upload-artifact": {"v4", "v5", "v6"},
}
BENCHMARK = on_own("""
  - region: IT
    metric: {name: ridge, alpha: 1.0}
    splits: {n: 4, train: 0.75, seed: 1}
""")
PYTHON = """#!/bin/bash
case "$1 $2" in
  "-m pip") printf '%s\\n' "$*" >> "$BOX/pip"; exit 0 ;;
  "-m pytest" | "-m pytest_brainscore") ;;
  *) exec {python} "$@" ;;
esac
printf '%s\\0' "$@" > "$BOX/asking"
mv "$BOX/asking" "$BOX/asked"
while [ ! -e "$BOX/code" ]; do sleep 0.02; done
cat "$BOX/said"
code=$(cat "$BOX/code")
rm "$BOX/code"
exit "$code"
"""
GH = """#!/bin/bash
printf '%s\\n' "$*" >> "$BOX/gh.log"
if [ "$1 $2" = "api --paginate" ] && [ -e "$BOX/comment.md" ]; then echo 41; fi
if [ "$2" = "--method" ]; then cp comment.md "$BOX/comment.md"; fi
"""
CURL = """#!/bin/bash
printf '%s\\n' "$*" >> "$BOX/curl.log"
case "$*" in
  *--output*)
    ours=', {"id": 41, "body": "<!-- brain scores -->"}'
    if [ ! -e "$BOX/note.md" ]; then ours=''; fi
    echo "[{\\"id\\": 3, \\"body\\": \\"hello\\"}$ours]" > notes.json ;;
  *) cp note.md "$BOX/note.md" ;;
esac
"""
VALUES = {
    "github.token": "secret",
    "github.event.pull_request.number": "7",
    "inputs.update": "new",
    "github.ref_name": "main",
    "github.run_id": "1234",
}
ALWAYS = {
    "${{ !cancelled() }}",
    "${{ !cancelled() && github.event.pull_request.head.repo.full_name == github.repository }}",
    "${{ !cancelled() && steps.activations.outputs.cache-hit != 'true' }}",
}


class Service:
    """A fresh machine: a checkout of the repository, the stubs, and a cache that outlives it."""

    def __init__(self, home: Path, number: int, reports: bool = False) -> None:
        self.reports = reports
        self.box, self.folder, self.kept = home / f"box{number}", home / f"checkout{number}", home / "cache"
        self.box.mkdir()
        git("clone", "-q", str(home / "origin.git"), str(self.folder))
        self.shared = {"comment.md": home / "comment.md"}
        for name, file in self.shared.items():
            if file.exists():
                shutil.copy(file, self.box / name)
        for name, text in {"python": PYTHON.format(python=sys.executable), "gh": GH, "curl": CURL}.items():
            (self.box / name).write_text(text)
            (self.box / name).chmod(0o755)
        self.failed: list[str] = []

    def environment(self, **more: str) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("BRAINSCORE_", "PYTEST_", "GIT"))}
        ours = {"PATH": f"{self.box}:{os.environ['PATH']}", "BOX": str(self.box), "CI": "true"}
        summary = {
            "GITHUB_STEP_SUMMARY": str(self.box / "summary"),
            "GITHUB_OUTPUT": str(self.box / "output"),
        }
        return {**clean, **ours, **summary, "GITHUB_REPOSITORY": "lab/net", **more}

    def script(self, name: str, text: str, environment: dict[str, str]) -> None:
        """Run the lines as the service does; note where they failed."""
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
        with (self.box / "log").open("a") as log:
            process = subprocess.Popen(words, cwd=self.folder, env=environment, stdout=log, stderr=log)
            while process.poll() is None:
                self._answer(environment)
                time.sleep(0.02)
        if process.returncode:
            self.failed.append(name)

    def _answer(self, environment: dict[str, str]) -> None:
        asked = self.box / "asked"
        if asked.exists():
            _, program, *words = asked.read_text().split("\0")[:-1]
            asked.unlink()
            code, said = self._run(program, words, environment)
            (self.box / "said").write_text(said)
            (self.box / "code.draft").write_text(str(code))
            (self.box / "code.draft").rename(self.box / "code")

    def _run(self, program: str, words: list[str], environment: dict[str, str]) -> tuple[int, str]:
        if program == "pytest":
            ended = started(["-p", "no:cacheprovider", *UNUSED, *words], self.folder, environment)
            return ended.code, ended.out + ended.err
        if not self.reports:
            return 0, ""
        with chdir(self.folder), redirect_stdout(io.StringIO()) as said:
            return main(words), said.getvalue()

    def github(self, job: str) -> Service:
        """Run a job of the workflow."""
        for step in GITHUB["jobs"][job]["steps"]:
            condition = step.get("if")
            assert condition in (None, *ALWAYS)
            if self.failed and condition is None:
                continue
            if "run" in step:
                said = {**GITHUB["env"], **{k: valued(v) for k, v in step.get("env", {}).items()}}
                self.script(step["name"], step["run"], self.environment(**said))
            elif "actions/cache/" in step["uses"]:
                self._cache(step)
        self._leave()
        return self

    def gitlab(self) -> Service:
        """Run the job; what comes after the script runs whether it failed or not."""
        self._copy(self.kept, self.folder / ".cache")
        lines = "\n".join([*GITLAB["before_script"], *GITLAB["script"]])
        self.script("script", lines, self.environment(**GITLAB["variables"]))
        self.after_gitlab()
        return self

    def after_gitlab(self) -> None:
        """Run what comes after the script."""
        given = {"CI_MERGE_REQUEST_IID": "7", "CI_PROJECT_ID": "5", "BRAINSCORE_TOKEN": "secret"}
        given["CI_API_V4_URL"] = "https://git.example/api/v4"
        lines = "\n".join(GITLAB["after_script"])
        self.script("after_script", lines, self.environment(**GITLAB["variables"], **given))

    def _cache(self, step: dict) -> None:
        here = self.folder / step["with"]["path"]
        self._copy(*((self.kept, here) if "restore" in step["uses"] else (here, self.kept)))

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        if source.exists():
            shutil.copytree(source, target, dirs_exist_ok=True)

    def _leave(self) -> None:
        for name, file in self.shared.items():
            if (self.box / name).exists():
                shutil.copy(self.box / name, file)

    def said(self, name: str) -> str:
        file = self.box / name
        return file.read_text() if file.exists() else ""

    @property
    def rows(self) -> dict[str, dict]:
        (file,) = self.folder.glob("reports/*/results.json")
        return {row["model"]: row for row in json.loads(file.read_text())["results"]}


def valued(text: str) -> str:
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: VALUES[found[1]], text)


def git(*words: str, folder: Path | None = None) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def repository(home: Path) -> Path:
    """A repository of a project as docs/ci.md begins it, and its origin."""
    here = home / "project"
    (here / "benchmarks").mkdir(parents=True)
    (here / "pytest.ini").write_text("[pytest]\n")
    (here / ".gitignore").write_text("reports/\n.cache/\n__pycache__/\n")
    (here / "benchmarks" / "own.yaml").write_text(BENCHMARK)
    shutil.copy(EXAMPLES / "requirements.txt", here)
    draw_images(here / "benchmarks" / "images")
    make_responses(here / "benchmarks" / "responses.npy")
    git("init", "-q", folder=here)
    git("add", ".", folder=here)
    git("commit", "-q", "-m", "A project", folder=here)
    git("clone", "-q", "--bare", str(here), str(home / "origin.git"))
    return here


def raise_baseline(project: Path, by: float) -> None:
    """Plant a regression: a baseline that is better than the score."""
    (file,) = (project / "benchmarks" / "baselines").glob("*.json")
    document = json.loads(file.read_text())
    line = document["models"]["smallnet"]
    line["splits"] = [value + by for value in line["splits"]]
    line["raw"] += by
    del line["check"]
    file.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Baselines by hand, two pull requests, one with a regression; and that one on GitLab."""
    home = tmp_path_factory.mktemp("ci")
    project = repository(home)
    told = {"baselines": Service(home, 0).github("baselines")}
    git("pull", "-q", str(home / "origin.git"), "baselines-1234", folder=project)
    git("push", "-q", str(home / "origin.git"), "main", folder=project)
    told["first"] = Service(home, 1, reports=True).github("scores")
    told["second"] = Service(home, 2).github("scores")
    raise_baseline(project, 0.3)
    git("commit", "-q", "-a", "-m", "A regression", folder=project)
    git("push", "-q", str(home / "origin.git"), "main", folder=project)
    told["fallen"] = Service(home, 4).github("scores")
    told["gitlab"] = Service(home, 5).gitlab()
    (project / "models.yaml").write_text("my_net: {sorce: nets:my_net}\n")
    git("add", ".", folder=project)
    git("commit", "-q", "-m", "A slip", folder=project)
    git("push", "-q", str(home / "origin.git"), "main", folder=project)
    told["slip"] = Service(home, 6).github("scores")
    told["gitlab_slip"] = Service(home, 7, reports=True).gitlab()
    return told


def test_baselines_are_written_and_proposed(story):
    run = story["baselines"]
    assert run.failed == [], run.said("log")
    assert "2 baselines written by --brainscore-update new" in run.said("summary")
    assert "pr create --base main --head baselines-1234" in run.said("gh.log")
    (file,) = (run.folder / "benchmarks" / "baselines").iterdir()
    assert set(json.loads(file.read_text())["models"]) == {"smallnet", "smallnet_untrained"}


def test_the_first_pull_request_is_green_and_has_one_comment(story):
    run = story["first"]
    assert run.failed == [], run.said("log")
    assert [row["cache_hit"] for row in run.rows.values()] == [False, False]
    assert {row["verdict"] for row in run.rows.values()} == {"same"}
    assert run.said("summary").startswith("### Brain scores: 2 same\n")
    assert run.said("comment.md") == "<!-- brain scores -->\n" + run.said("summary")
    assert run.said("gh.log").splitlines()[1:] == [
        "api --method POST repos/lab/net/issues/7/comments --field body=@comment.md --silent"
    ]
    assert (run.folder / "junit.xml").exists()
    assert "<html" in (run.folder / "site" / "index.html").read_text(encoding="utf-8")


def test_the_second_takes_activations_from_the_cache_and_renews_the_comment(story):
    run = story["second"]
    assert run.failed == [], run.said("log")
    assert [row["cache_hit"] for row in run.rows.values()] == [True, True]
    first = story["first"].rows
    assert {model: row["raw"] for model, row in run.rows.items()} == {
        m: row["raw"] for m, row in first.items()
    }
    assert run.said("gh.log").splitlines()[1:] == [
        "api --method PATCH repos/lab/net/issues/comments/41 --field body=@comment.md --silent"
    ]


def test_a_regression_fails_the_step_and_is_named(story):
    run = story["fallen"]
    assert run.failed == ["Score"]
    assert run.rows["smallnet"]["verdict"] == "regressed"
    assert run.rows["smallnet"]["delta"] == pytest.approx(-0.3, abs=1e-6)
    (line,) = [line for line in run.said("comment.md").splitlines() if line.startswith("| **regressed** ↓ |")]
    assert "| `Own.IT-ridge` | `smallnet` |" in line
    assert "| -0.3000 |" in line
    assert "--method PATCH" in run.said("gh.log")
    assert "<!-- brain scores -->" in run.said("comment.md")


def test_gitlab_scores_and_leaves_one_note(story):
    run = story["gitlab"]
    assert run.failed == ["script"], run.said("log")
    assert [row["cache_hit"] for row in run.rows.values()] == [True, True]
    assert "| **regressed** ↓ | `Own.IT-ridge` | `smallnet` |" in run.said("note.md")
    run.after_gitlab()  # a later pipeline finds the note that it left
    url = "https://git.example/api/v4/projects/5/merge_requests/7/notes"
    _, posted, asked, put = (line.split() for line in run.said("curl.log").splitlines())
    assert (posted[2:4], posted[-3:]) == (["--request", "POST"], ["--data-urlencode", "body@note.md", url])
    assert (put[2:4], put[-1]) == (["--request", "PUT"], f"{url}/41")
    assert asked[-3:] == [f"{url}?per_page=100", "--output", "notes.json"]


def test_where_nothing_was_scored_the_comment_says_so(story):
    github, gitlab = story["slip"], story["gitlab_slip"]
    assert github.failed == ["Score"], github.said("log")
    assert gitlab.failed == ["script"], gitlab.said("log")
    for run in (github, gitlab):
        assert "models.yaml:1: my_net.sorce: no such key; did you mean source?" in run.said("log")
    nothing = "### Brain scores: nothing was scored, see the log\n"
    assert github.said("summary") == nothing
    assert github.said("comment.md") == "<!-- brain scores -->\n" + nothing
    assert gitlab.said("note.md") == "<!-- brain scores -->\n" + nothing


def test_packages_are_installed_as_the_file_says(story):
    for run in story.values():
        assert run.said("pip") == "-m pip install -r requirements.txt\n"
    assert (EXAMPLES / "requirements.txt").read_text() == "pytest-brainscore[report]\n"


def test_the_workflow_is_of_the_form_that_github_expects():
    keys = {
        step["with"]["key"] for steps in _jobs() for step in steps if "cache/restore" in step.get("uses", "")
    }
    (key,) = keys  # both jobs take the same
    assert {"models.yaml", "**/*.py", "**/*.pth", "!benchmarks/baselines/**"} <= set(
        re.findall(r"'(.+?)'", key)
    )
    assert set(GITHUB) == {"name", "on", "permissions", "concurrency", "defaults", "env", "jobs"}
    assert set(GITHUB["on"]) == {"pull_request", "push", "workflow_dispatch"}  # never pull_request_target
    update = GITHUB["on"]["workflow_dispatch"]["inputs"]["update"]
    assert set(update) == {"description", "type", "options", "default"}
    assert update["default"] in update["options"]
    assert GITHUB["permissions"] == {"contents": "read"}
    assert GITHUB["jobs"]["scores"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    for job in GITHUB["jobs"].values():
        assert set(job) == {"if", "runs-on", "timeout-minutes", "permissions", "steps"}
        for step in job["steps"]:
            form_of_step(step)


def _jobs() -> list[list[dict]]:
    return [job["steps"] for job in GITHUB["jobs"].values()]


def form_of_step(step: dict) -> None:
    assert set(step) <= {"name", "id", "if", "uses", "with", "run", "env"}
    assert ("uses" in step) != ("run" in step)
    assert "${{" not in step.get("run", "")  # what others wrote would be run
    if "uses" in step:
        action, _, major = step["uses"].partition("@")
        assert major in MAJORS[action]
    for value in (*step.get("with", {}).values(), *step.get("env", {}).values(), step.get("if", "")):
        assert value.count("${{") == value.count("}}")


def test_the_gitlab_job_is_of_the_form_that_gitlab_expects():
    known = {"image", "rules", "variables", "cache", "before_script", "script", "after_script", "artifacts"}
    assert set(GITLAB) == known
    assert GITLAB["cache"] == {"key": "brain-scores", "paths": [".cache"], "when": "always"}
    assert GITLAB["artifacts"]["reports"] == {"junit": "junit.xml"}
    for part in ("before_script", "script", "after_script"):
        assert all(isinstance(line, str) for line in GITLAB[part])
