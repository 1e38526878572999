"""Axes: the lines and the columns of the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...specs.results import Row


@dataclass(frozen=True)
class Entry:
    """A line of the board: a model; in one layer, where it was scored in several on a benchmark."""

    model: str
    layer: str | None = None

    @property
    def label(self) -> str:
        """What the line is called."""
        return f"{self.model} · {self.layer}" if self.layer else self.model


@dataclass(frozen=True)
class Column:
    """A composite or a benchmark. rest: what it can be filtered by.

    of: which scores a composite is of, raw or ceiled; None for a benchmark.
    """

    id: str
    rest: Mapping[str, str]
    of: str | None = None

    @classmethod
    def of_row(cls, row: Row) -> Column:
        """The benchmark of a row."""
        sides = {"region": row.region, "species": row.species or "", "metric": row.metric}
        return cls(row.benchmark, {"under": row.dataset, **sides})

    @property
    def data(self) -> dict[str, Any]:
        """As the script reads it."""
        return {"id": self.id, "label": self.label, "of": self.of, **self.rest}

    @property
    def label(self) -> str:
        """The name without that of the data set, which stands under it."""
        return self.id.removeprefix(f"{self.rest['under']}.")
