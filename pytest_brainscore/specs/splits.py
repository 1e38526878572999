"""Splits: which stimuli a benchmark fits on, and which it tests on."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Spec
from .metrics import Positive

Fraction = Annotated[float, Field(gt=0, lt=1)]


class Splits(Spec):
    """How the stimuli are split: shuffled `n` times, in `folds`, in halves, or as a coord says."""

    n: Annotated[Positive, Field(description="number of shuffled splits")] | None = None
    train: Annotated[Fraction, Field(description="share of the stimuli to train on")] | None = None
    test: Annotated[Fraction, Field(description="share of the stimuli to test on")] | None = None
    folds: Annotated[int, Field(ge=2, description="k-fold cross-validation instead")] | None = None
    given: Annotated[str, Field(description="a coord of the stimuli that says train or test")] | None = None
    halves: (
        Annotated[
            Literal["alternate"],
            Field(description="alternate: the first, third, ... stimulus to train on, the others to test"),
        ]
        | None
    ) = None
    stratify: Annotated[str, Field(description="a coord of the stimuli to keep in proportion")] | None = None
    seed: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        shuffled = any(v is not None for v in (self.n, self.train, self.test))
        ways = (shuffled, self.folds is not None, self.given is not None, self.halves is not None)
        if sum(ways) > 1:
            raise ValueError(
                "give n/train/test (shuffled), or folds, or given, or halves: only one of the four"
            )
        if (self.given or self.halves) and self.stratify:
            raise ValueError("given splits and alternating halves cannot be stratified")
        return self
