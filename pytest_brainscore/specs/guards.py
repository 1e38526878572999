"""What a benchmark says of its guard: how far a score may fall, drift, and what is known to have fallen."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..errors import SpecError
from .base import ModelId, Spec

Word = Literal["same", "drifted", "regressed", "improved", "unguarded", "mismatched"]
Level = Literal["off", "warn", "on", "strict"]
Update = Literal["new", "changed", "all"]

_IN_SE = re.compile(r"^\s*(\d+(?:\.\d*)?|\.\d+)\s*se\s*$")


class Drop(Spec):
    """How far a score may fall: in score units, or in standard errors of the baseline (``2 se``)."""

    shorthand = {  # noqa: RUF012
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0, "description": "in score units"},
            {"type": "string", "pattern": _IN_SE.pattern, "description": "in standard errors: 2 se"},
        ]
    }

    value: Annotated[float, Field(gt=0)]
    unit: Literal["score", "se"] = "score"

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        if isinstance(value, str) and (found := _IN_SE.match(value)) and float(found[1]) > 0:
            return {"value": float(found[1]), "unit": "se"}
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return {"value": value}
        raise ValueError(f"drop: {value!r} is neither standard errors (2 se) nor score units (0.01)")

    def __str__(self) -> str:
        return f"{self.value:g} se" if self.unit == "se" else f"{self.value:g}"


IN_SE, IN_SCORE = Drop(value=2, unit="se"), Drop(value=0.01)


class Guard(Spec):
    """The policy that people write: what a baseline is compared by."""

    drop: (
        Annotated[
            Drop,
            Field(description="a fall beyond it fails; default: 2 se, or 0.01 where there are no splits"),
        ]
        | None
    ) = None
    drift: Annotated[float, Field(ge=0, description="what may move without a word, in score units")] = 0.002
    minimum: Annotated[
        dict[ModelId, float], Field(description="model to the raw score that it must reach")
    ] = Field(default_factory=dict)
    known: Annotated[
        dict[ModelId, Annotated[str, Field(min_length=1)]],
        Field(description="models whose score is known to have fallen, and why"),
    ] = Field(default_factory=dict)

    def drop_at(self, error: float | None) -> Drop:
        """The drop for scores whose standard error is `error` (None: there are no splits).

        Raises SpecError where the drop is written in standard errors and there is none.
        """
        if self.drop is None:
            return IN_SCORE if error is None else IN_SE
        if self.drop.unit == "se" and error is None:
            raise SpecError(needs_splits(self.drop))
        return self.drop

    def band(self, error: float | None) -> float:
        """How far a score may fall, in score units; never less than the drift. Raises as `drop_at`."""
        drop = self.drop_at(error)
        return max(drop.value * ((error or 0.0) if drop.unit == "se" else 1.0), self.drift)


def needs_splits(drop: Drop) -> str:
    """What to write instead of a drop in standard errors."""
    return f"drop: {drop} needs several splits, and this benchmark has none: write drop: 0.01"
