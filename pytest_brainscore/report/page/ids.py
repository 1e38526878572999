"""Ids: parts of a page that are called alike are numbered, so that none takes the place of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..parts import Figure, Pictures, Section, Table, Tables


def apart(made: Sequence[Section]) -> list[Section]:
    """The sections with ids that differ in more than the case of letters, as file systems may ask.

    Tables are told apart from tables, figures and pictures from each other. A table that stands in two places
    stays one.
    """
    figures, tables = _Names(), _Names()
    return [
        replace(section, parts=[_named(part, figures, tables) for part in section.parts]) for section in made
    ]


@dataclass
class _Names:
    """Ids that are taken, in small letters, and by which part."""

    taken: dict[str, object] = field(default_factory=dict)

    def of(self, part: Table | Figure | Pictures) -> str:
        """The part's id, with a number where another part has it."""
        id, number = part.id, 1
        while self.taken.setdefault(id.casefold(), part) is not part:
            number += 1
            id = f"{part.id}-{number}"
        return id


def _named(
    part: Table | Figure | Pictures | Tables, figures: _Names, tables: _Names
) -> Table | Figure | Pictures | Tables:
    if isinstance(part, Table):
        return replace(part, id=tables.of(part))
    if isinstance(part, Figure):
        table = part.table and replace(part.table, id=tables.of(part.table))
        return replace(part, id=figures.of(part), table=table)
    if isinstance(part, Pictures):
        return replace(part, id=figures.of(part))
    return replace(part, tables=[replace(one, id=tables.of(one)) for one in part.tables])
