"""Markdown: tables that GitHub and GitLab show, safe against what names and messages may hold.

Whatever is not ours stands in code spans: there nothing is a mention, an issue's number, HTML or emphasis.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

LIMIT = 65_000
"""Characters: GitHub takes 65,536 in a comment, and who posts one adds a line or two."""
_LONGEST = 300
_PLAIN = frozenset(" .,:;+-=/()%")


@dataclass(frozen=True)
class Grid:
    """A table: cells are Markdown already. right: columns of numbers, by place."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()


Block = str | Grid


def code(text: object) -> str:
    """Foreign text as code, on one line, cut where it is very long.

    >>> code("IT-pls"), code("a|b")
    ('`IT-pls`', '<code>a&#124;b</code>')
    """
    said = " ".join("".join(c if _is_shown(c) else " " for c in str(text)).split())
    said = said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."
    if not said:
        return ""
    if set("`|\\") & set(said):  # within a table no code span can hold these
        return f"<code>{''.join(map(_entity, said))}</code>"
    return f"`{said}`"


def document(blocks: Iterable[Block], limit: int = LIMIT) -> str:
    """The blocks below each other, in at most `limit` characters.

    What does not fit is left out from the end, whole rows of tables, and a last line says how many.
    """
    room, written, lost = limit - len(_left_out(10**9, 10**9)), "", [0, 0]
    for block in blocks:
        text, rows = _fitting(block, room - len(written))
        written += text
        lost[0] += rows
        lost[1] += not text and isinstance(block, str)
    return written + (_left_out(*lost) if any(lost) else "")


def _fitting(block: Block, room: int) -> tuple[str, int]:
    """As much of a block as fits, and how many rows did not."""
    if isinstance(block, str):
        return (text, 0) if len(text := f"{block}\n\n") <= room else ("", 0)
    head, lines = _head(block), [_line(row) for row in block.rows]
    kept = list(_while_fitting(lines, room - len(head) - 1))
    text = head + "".join(kept) + "\n" if kept else ""
    return text, len(lines) - len(kept)


def _while_fitting(lines: Iterable[str], room: int) -> Iterator[str]:
    for line in lines:
        room -= len(line)
        if room < 0:
            return
        yield line


def _head(grid: Grid) -> str:
    rule = ["---:" if i in grid.right else "---" for i in range(len(grid.header))]
    return _line(grid.header) + _line(rule)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _left_out(rows: int, lines: int) -> str:
    more = f" and {lines} line(s)" if lines else ""
    return f"**{rows} row(s) of tables{more} were left out here: they stand in results.json.**\n"


def _is_shown(character: str) -> bool:
    """Not controls, line ends, nor what turns the direction of text or hides in it."""
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _entity(character: str) -> str:
    plain = character.isalnum() or character in _PLAIN or not character.isascii()
    return character if plain else f"&#{ord(character)};"
