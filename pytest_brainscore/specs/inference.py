"""What a benchmark asks of its intervals, of its null, and of its power."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Spec

Intervals = Literal["stored", "refit", "off"]


class Inference(Spec):
    """`inference:` of a benchmark. None of it changes a score, nor the digest of a benchmark."""

    intervals: Annotated[
        Intervals,
        Field(
            description="stored: from the values of the one fit, where that is valid; refit: the mapping is"
            " fitted anew on other splits; off: none"
        ),
    ] = "stored"
    over: (
        Annotated[
            tuple[Literal["stimulus", "neuroid", "subject"], ...],
            Field(
                min_length=1,
                description="what is taken as a sample; default: stimulus, and subject or neuroid",
            ),
        ]
        | None
    ) = None
    replicates: Annotated[int, Field(ge=100, le=100_000)] = 1000
    groups: Annotated[
        int, Field(ge=5, le=1000, description="of stimuli that are left out, or splits of refit")
    ] = 20
    permutations: Annotated[int, Field(ge=0, le=100_000, description="of stimuli, for the null; 0: none")] = 0


class Power(Spec):
    """`power:` of a benchmark: how often its metric must recover a known truth, at its own size."""

    minimum: Annotated[float, Field(gt=0, le=1)]
    simulations: Annotated[int, Field(ge=20, le=10_000)] = 100
    model: Annotated[str, Field(description="whose layers stand in the place of the brain")] = "smallnet"
