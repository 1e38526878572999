"""Selection: which neuroids, presentations, subjects or stimuli a benchmark takes."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from .base import Spec

Coord = str | int | float | bool


class Where(Spec):
    """A condition on the values of a coord."""

    above: Annotated[float, Field(description="larger than that")] | None = None
    below: Annotated[float, Field(description="smaller than that")] | None = None
    without: Annotated[tuple[Coord, ...], Field(min_length=1, description="all but these")] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.above is None and self.below is None and self.without is None:
            raise ValueError("give `above`, `below` or `without`")
        return self


Selection = dict[str, Coord | tuple[Coord, ...] | Where]
"""Coord to its value, its values, or a condition on them."""
