"""Recoveries: what `recover --benchmark` writes and the report reads (docs/known_truth.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from ..errors import ResultsError, first_line
from .base import Spec

ENOUGH = 0.8
"""The share of simulations in which a truth is found that counts as recovering it."""
NEAR_ZERO = 0.05
"""How far from 0 a control may score: nothing is shared there."""

Over = Literal["stimuli", "neuroids", "noise"]
Controls = Annotated[
    tuple[float | None, float | None], Field(description="mean score, and its standard deviation")
]


class Matrix(Spec):
    """How one metric scores all layers (columns) on recordings that were made from each of them (rows)."""

    metric: str
    settings: Annotated[dict[str, Any], Field(default_factory=dict, description="of the metric")]
    layers: Annotated[tuple[tuple[str, str], ...], Field(description="model and layer, of rows and columns")]
    simulations: Annotated[int, Field(ge=1, description="of each truth")]
    scores: Annotated[tuple[tuple[float | None, ...], ...], Field(description="raw, mean over simulations")]
    wins: Annotated[
        tuple[tuple[int, ...], ...],
        Field(description="how often a layer scores above all others that compete with the truth"),
    ]
    tied: Annotated[
        tuple[tuple[int, ...], ...],
        Field(description="of each truth the columns that no nonlinearity separates from it"),
    ]
    models: Annotated[
        tuple[int, ...] | None,
        Field(description="how often a layer of the true model wins over all other models; null: one model"),
    ] = None
    independent: Annotated[Controls, Field(description="independent normal features in a layer's place")]
    shuffled: Annotated[Controls, Field(description="the true layer with its stimuli shuffled")]

    @property
    def found(self) -> tuple[int, ...]:
        """How often each truth wins."""
        return tuple(row[i] for i, row in enumerate(self.wins))

    @property
    def recovered(self) -> int:
        """How many truths win in enough of their simulations."""
        return sum(count >= ENOUGH * self.simulations for count in self.found)

    @property
    def controls(self) -> tuple[float | None, float | None]:
        """The mean scores of both controls, in which nothing is shared."""
        return self.independent[0], self.shuffled[0]

    @property
    def controlled(self) -> bool:
        """Whether both controls have a number within `NEAR_ZERO` of 0."""
        return all(mean is not None and abs(mean) <= NEAR_ZERO for mean in self.controls)


class Point(Spec):
    """How often the truth is found at one size."""

    size: Annotated[float, Field(description="stimuli, neuroids, or the median reliability")]
    simulations: Annotated[int, Field(ge=1)]
    layers: Annotated[int, Field(ge=0, description="simulations in which the true layer wins")]
    models: Annotated[int, Field(ge=0, description="in which the true model wins")] | None = None

    @property
    def share(self) -> float:
        """Of the simulations in which the true layer wins."""
        return self.layers / self.simulations


class Curve(Spec):
    """How often one metric recovers the truth, by size."""

    metric: str
    settings: Annotated[dict[str, Any], Field(default_factory=dict, description="of the metric")]
    over: Over
    points: Annotated[tuple[Point, ...], Field(min_length=1)]

    @property
    def enough(self) -> float | None:
        """The smallest size from which on the truth is found in enough simulations; None within the range."""
        return enough([(point.size, point.layers, point.simulations) for point in self.points])

    @property
    def enough_for_model(self) -> float | None:
        """The same of the true model."""
        known = [(p.size, p.models, p.simulations) for p in self.points if p.models is not None]
        return enough(known) if known else None


class Recoveries(Spec):
    """One call of `recover --benchmark`."""

    schema_version: Literal[1] = 1
    simulated: Literal[True] = True
    benchmark: Annotated[str, Field(description="whose size and noise the simulations have")]
    images: Annotated[Literal["own", "rendered"], Field(description="what the networks were shown")]
    stimuli: int
    neuroids: int
    repetitions: int
    reliability: Annotated[float, Field(description="of responses averaged over repetitions, the median")]
    components: Annotated[
        int | None, Field(description="principal components that neuroids combine; null: units as they are")
    ] = None
    seeds: Annotated[int, Field(ge=1)]
    models: tuple[str, ...]
    matrices: tuple[Matrix, ...] = ()
    curves: tuple[Curve, ...] = ()

    def text(self) -> str:
        """The document as it is written."""
        return json.dumps(self.model_dump(mode="json"), indent=1, allow_nan=False) + "\n"


def enough(points: list[tuple[float, int, int]]) -> float | None:
    """The smallest size from which on every share is at least `ENOUGH`; None where there is none.

    points: size, simulations in which the truth is found, and simulations, by size.
    """
    reached = None
    for size, found, simulations in reversed(points):
        if found < ENOUGH * simulations:
            break
        reached = size
    return reached


def read_recoveries(path: Path) -> Recoveries:
    """A document of recoveries. Raises ResultsError where it cannot be read, or is no such document."""
    try:
        return Recoveries.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as why:
        raise ResultsError(f"{path}: cannot be read ({first_line(why)})") from None
    except ValidationError as why:
        first = why.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise ResultsError(
            f"{path}: {where}: {first['msg']}; write it with `recover --benchmark ... --json FILE`"
        ) from None
