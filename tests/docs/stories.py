"""A page as a story: its files are written and its blocks run in one folder, in their order."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_brainscore.__main__ import main
from tests.acceptance.starter import started

from .pages import SHELL, TEXT, Block, commands

UNUSED = [
    word for name in ("cacheprovider", "hypothesispytest", "benchmark") for word in ("-p", f"no:{name}")
]
_NUMBER = re.compile(r"-?\d+\.\d+")


@dataclass
class Story:
    """A folder and what a reader's Python session holds there."""

    folder: Path
    names: dict[str, Any] = field(default_factory=dict)

    def run(self, block: Block) -> str:
        """Write the file of a block, or run it; what it printed. Raises AssertionError where it fails."""
        if block.file is not None:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            return ""
        if block.language in SHELL:
            due = int(block.said.get("exits with", 0))
            return "".join(self._command(line, due, block.where) for line in commands(block.text))
        with _printed() as out:
            exec(compile(block.text, block.where, "exec"), self.names)
        return out.getvalue()

    def _command(self, line: str, due: int, where: str) -> str:
        program, *rest = (found for word in shlex.split(line) for found in self._expanded(word))
        if program == "pytest":
            ended = started([*rest, *UNUSED], self.folder, os.environ)
            code, out = ended.code, ended.out + ended.err
        else:
            assert [program, *rest[:2]] == ["python", "-m", "pytest_brainscore"], f"{where}: {line}"
            with _printed() as printed:
                code = main(rest[2:])
            out = printed.getvalue()
        assert code == due, f"{where}: {line} exits with {code}\n{out}"
        return out

    def _expanded(self, word: str) -> list[str]:
        plain = "*" not in word or word.startswith("-")
        return [word] if plain else sorted(str(p.relative_to(self.folder)) for p in self.folder.glob(word))


@contextlib.contextmanager
def _printed() -> Iterator[io.StringIO]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        yield out


@contextlib.contextmanager
def imports_of(folder: Path) -> Iterator[None]:
    """Let modules of the folder be imported meanwhile, and be forgotten afterwards."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(str(folder)):
                del sys.modules[name]


def parts(found: tuple[Block, ...]) -> Iterator[tuple[Block, Block | None]]:
    """The blocks of a page that are written or run, and for each the output that the page shows after it."""
    for block, after in zip(found, (*found[1:], None), strict=True):
        if block.excuse is None and (block.runs or block.file is not None):
            yield block, after if after is not None and after.language in TEXT else None


def lacking(shown: str, printed: str) -> list[str]:
    """The lines of a page's output that were not printed so; numbers may differ by 0.005."""
    there = [_shape(line) for line in printed.splitlines()]
    return [line for line in shown.splitlines() if line.strip() and not _is_in(_shape(line), there)]


def _is_in(line: tuple[str, list[float]], there: list[tuple[str, list[float]]]) -> bool:
    text, numbers = line
    return any(
        text == other and all(abs(a - b) <= 0.005 for a, b in zip(numbers, printed, strict=True))
        for other, printed in there
    )


def _shape(line: str) -> tuple[str, list[float]]:
    return " ".join(_NUMBER.sub("#", line).split()), [float(n) for n in _NUMBER.findall(line)]
