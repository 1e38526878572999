"""Reference tables: scores that others published, to stand beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Id, ModelId, Spec
from .document import read
from .validation import validate

FOLDER = Path(__file__).parents[1] / "references"


class Column(Spec):
    """A score of the table, and which of our benchmarks measures the same."""

    id: Id
    ceiling: Annotated[float, Field(description="of their data")] | None = None
    benchmarks: Annotated[
        tuple[Id, ...], Field(min_length=1, description="full names: the first is due, others can stand in")
    ]


class Entry(Spec):
    """A model of the table."""

    name: Annotated[str, Field(description="the table's")]
    model: Annotated[ModelId, Field(description="ours of the same architecture")] | None = None
    remark: Annotated[str, Field(description="where our weights are others than theirs")] | None = None
    scores: Annotated[tuple[float, ...], Field(description="in the order of the columns")]
    top1: Annotated[float, Field(ge=0, le=100, description="ImageNet top-1 accuracy, per cent")]


class Reference(Spec):
    """A table that was published."""

    id: Id
    title: str
    reference: str
    of: Literal["raw", "ceiled"]
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    rows: Annotated[tuple[Entry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _as_many_scores_as_columns(self) -> Self:
        for row in self.rows:
            if len(row.scores) != len(self.columns):
                raise ValueError(f"{row.name} has {len(row.scores)} scores for {len(self.columns)} columns")
        return self


def references() -> tuple[str, ...]:
    """The names of the tables that are shipped."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load_reference(name: str) -> Reference:
    """A shipped table by its name. Raises SpecError (file:line: field: message) where it is wrong."""
    return validate(Reference, read(FOLDER / f"{name}.yaml"))
