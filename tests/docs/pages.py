"""The pages of the documentation, cut into blocks of code, each with what is said of running it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
SHELL = ("sh", "bash", "console")
TEXT = ("", "text")
_FENCE = re.compile(r"( *)```(\{?[\w-]*\}?)")
_SAID = re.compile(r" *<!-- (not run|run by|exits with): (.+) -->")
_NAMED = re.compile(r"# (\S+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it begins, its language, its lines, and the comments above it."""

    page: str
    line: int
    language: str
    text: str
    said: dict[str, str]

    @property
    def where(self) -> str:
        """``page:line``."""
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The file that its first line names, which the reader is to write."""
        found = _NAMED.match(self.text)
        return found[1] if found and self.language in ("python", "yaml", "ini") else None

    @property
    def excuse(self) -> str | None:
        """Why it is not run here."""
        return self.said.get("not run") or self.said.get("run by")

    @property
    def runs(self) -> bool:
        """Whether it is to be run: code without an excuse."""
        return self.excuse is None and (self.language in ("python", *SHELL))


def blocks(path: Path) -> tuple[Block, ...]:
    """All blocks of a page, in its order."""
    return tuple(_blocks(path.name, path.read_text(encoding="utf-8").splitlines()))


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    numbered = iter(list(enumerate(lines, start=1)))
    said: dict[str, str] = {}
    for number, line in numbered:
        if found := _SAID.fullmatch(line):
            said[found[1]] = found[2]
        elif fence := _FENCE.fullmatch(line):
            inside = _until_fence(numbered, len(fence[1]))
            yield Block(page, number, fence[2], inside, said)
            said = {}
        else:
            said = {}


def _until_fence(numbered: Iterator[tuple[int, str]], indent: int) -> str:
    inside = []
    for _, line in numbered:
        if line.strip() == "```":
            break
        inside.append(line[indent:] + "\n")
    return "".join(inside)


def commands(text: str) -> list[str]:
    """The commands of a block, one a line: comments and prompts are taken away, broken lines joined."""
    joined = re.sub(r"\\\n\s*", "", text)
    lines = (re.sub(r"(^|\s)#.*", "", line).removeprefix("$ ").strip() for line in joined.splitlines())
    return [part.strip() for line in lines if line for part in line.split(" && ")]
