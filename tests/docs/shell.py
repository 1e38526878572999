"""Commands of the docs that are not run are read all the same: options and files must be there."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from functools import cache
from pathlib import Path

from pytest_brainscore.commands import COMMANDS, commands
from tests.acceptance.starter import started
from tests.conftest import ROOT

OTHERS = {"aws", "cp", "export", ".", "cd", "mkdir", "git", "ls", "open", "docker"}
"""Programs that are not ours to know."""
_SETTING = re.compile(r"[A-Z_]+=\S*")
_SYNOPSIS = re.compile(r"[\[\]|]|\.\.\.")


def fault(command: str) -> str | None:
    """What is wrong with a command: an option, a file or an extra that there is not."""
    words = shlex.split(_SYNOPSIS.sub(" ", command) if "pytest_brainscore" in command else command)
    while words and _SETTING.fullmatch(words[0]):
        words = words[1:]
    program, *rest = words or ["."]
    program = Path(program).name if program != "." else "."
    if program == "pytest":
        return _of_pytest(rest)
    if program in ("python", "python3"):
        return _of_python(rest)
    if program == "pip":
        return _of_pip(rest)
    return None if program in OTHERS else f"the program {program} is unknown"


@cache
def _options() -> frozenset[str]:
    """All options of pytest here, ours and those of its plugins."""
    import os

    told = started(["--help"], ROOT, {**os.environ, "COLUMNS": "200"})
    return frozenset([*re.findall(r"(?<![\w-])--?[\w-]+", told.out), "--junitxml"])


def _of_pytest(words: list[str]) -> str | None:
    for word in words:
        if word.startswith("-") and word.split("=")[0] not in _options() and not word.startswith("-n"):
            return f"pytest has no option {word}"
        ours = word.startswith(("tests/", "benchmarks/"))
        if ours and not list(ROOT.glob(word.split("::")[0].rstrip("/"))):
            return f"there is no {word}"
    return None


def _of_python(words: list[str]) -> str | None:
    if words[:2] == ["-m", "pytest_brainscore"]:
        return _of_ours(words[2:])
    if words[:1] == ["-m"]:
        known = words[1] in ("venv", "sphinx", "pytest")
        there = (ROOT / (words[1].replace(".", "/") + ".py")).is_file()
        return None if known or there else f"there is no module {words[1]}"
    there = (ROOT / words[0]).is_file() or "/" not in words[0]  # a file of the reader's own
    return None if there else f"there is no {words[0]}"


def _of_ours(words: list[str]) -> str | None:
    known = [name.rstrip("_") for name in COMMANDS]
    if not words or words[0] not in known:
        return f"there is no command {words[:1]} of {known}"
    (module,) = commands(words)
    parser = _Parser()
    module.add_arguments(parser)
    try:
        parser.parse_args(words[1:])
    except ValueError as why:
        return str(why)
    return None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise ValueError(message)


def _of_pip(words: list[str]) -> str | None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = [name for word in words for name in re.findall(r"\[([\w,-]+)\]", word)]
    lacking = [name for group in named for name in group.split(",") if name not in extras]
    return f"there is no extra {lacking}" if lacking else None
