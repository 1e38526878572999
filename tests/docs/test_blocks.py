"""Every block of code in the docs is run, or says why not and is checked: options, files, YAML, syntax."""

from __future__ import annotations

import ast
import re

import pytest
import yaml

from tests.conftest import ROOT

from . import shell, yamls
from .pages import PAGES, SHELL, TEXT, blocks, commands
from .stories import Story, imports_of, lacking, parts

BLOCKS = {path.name: blocks(path) for path in PAGES}
ALL = [block for found in BLOCKS.values() for block in found]
STORIES = sorted(
    (name for name, found in BLOCKS.items() if any(b.runs and b.file is None for b in found)),
    key=lambda name: name != "start.md",  # what it stores is used by the others
)
OTHERS = ("{toctree}", "{eval-rst}", "groovy", "json")
"""Languages that no program of ours reads."""


def test_each_block_is_run_or_says_why_not():
    unknown = [
        f"{b.where}: {b.language}"
        for b in ALL
        if b.language not in ("python", "yaml", "ini", *SHELL, *TEXT, *OTHERS)
    ]
    assert unknown == []
    code = [b for b in ALL if b.language in ("python", *SHELL)]
    run = [b for b in code if b.runs or (b.file and not b.excuse)]
    by = [b for b in code if "run by" in b.said]
    excused = [b for b in code if "not run" in b.said]
    assert len(run) + len(by) + len(excused) == len(code)
    checked = sum(b.language == "yaml" for b in ALL)
    print(
        f"{len(run)} blocks run here, {len(by)} by other tests, {len(excused)} excused and checked,"
        f" {checked} of YAML loaded, {sum(b.language in TEXT for b in ALL)} of output"
    )
    assert len(run) > 14


def test_what_another_test_runs_is_run_there():
    for block in ALL:
        if "run by" in block.said:
            assert (ROOT / block.said["run by"]).is_file(), block.where


def test_commands_stand_in_fences():
    begun = re.compile(r"\n\n {4,}(pytest|python3?|pip) ")
    assert [path.name for path in PAGES if begun.search(path.read_text("utf-8"))] == []


def test_commands_that_are_not_run_have_options_and_files_that_there_are():
    shells = [block for block in ALL if block.language in SHELL]
    said = [(b.where, line, shell.fault(line)) for b in shells for line in commands(b.text)]
    assert [found for found in said if found[2]] == []
    assert len(said) > 80


def test_python_that_is_not_run_can_be_read():
    for block in ALL:
        if block.language == "python":
            ast.parse(block.text, block.where)


def test_yaml_is_taken_by_the_loaders(tmp_path):
    ours = [b for b in ALL if b.language == "yaml" and "not run" not in b.said]
    assert [(b.where, found) for b in ours if (found := yamls.fault(b.text, tmp_path))] == []
    assert len(ours) > 30
    for block in ALL:
        if block.language == "yaml":
            yaml.safe_load(block.text)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What one story stores, the next ones find."""
    return tmp_path_factory.mktemp("cache")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", STORIES)
def test_a_page_does_what_it_says(page, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(cache))
    monkeypatch.setenv("COLUMNS", "130")
    monkeypatch.chdir(tmp_path)
    story = Story(tmp_path)
    with imports_of(tmp_path):
        for block, shown in parts(BLOCKS[page]):
            printed = story.run(block)
            if shown is not None:
                assert lacking(shown.text, printed) == [], f"{shown.where}\n{printed}"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("pytest --models A --brainscore-devise cpu", "pytest has no option --brainscore-devise"),
        ("pytest tests/no_such_test.py", "there is no tests/no_such_test.py"),
        ("python -m pytest_brainscore recuver smallnet", "there is no command"),
        ("python -m pytest_brainscore merge --inta x", "unrecognized arguments"),
        ("python scripts/none.py", "there is no scripts/none.py"),
        ('pip install "pytest-brainscore[fmry]"', "there is no extra"),
        ("rm -rf reports", "the program rm is unknown"),
    ],
)
def test_a_wrong_command_is_found(command, said):
    found = shell.fault(command)
    assert found is not None
    assert said in found


def test_wrong_yaml_and_other_output_are_found(tmp_path):
    assert "splitz" in (yamls.fault("- {region: V1, metric: pls, splitz: 3}", tmp_path) or "")
    assert lacking("a  0.634 → 0.483", "x\na 0.633 → 0.481\n") == []
    assert lacking("a 0.634 → 0.483", "a 0.634 → 0.493") == ["a 0.634 → 0.483"]
