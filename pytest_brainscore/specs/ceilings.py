"""Ceilings: the reliability of the data, and which metrics it can bound."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from .base import Spec
from .metrics import (
    AccuracyDistance,
    BySubject,
    CustomMetric,
    ErrorConsistency,
    Metric,
    Positive,
    Predictive,
    Rdm,
    RdmCV,
    ReversePls,
    Rsm,
    TwoAlternative,
)

CeilingName = Literal[
    "internal_consistency",
    "predictor_consistency",
    "rsa_bounds",
    "leave_one_subject_out",
    "subject_pairs",
    "subject_halves",
    "ncsnr",
    "gsn",
    "other_subjects",
    "stored",
    "constant",
    "none",
]
CEILINGS: tuple[CeilingName, ...] = get_args(CeilingName)
_DRAWS: dict[Any, dict[str, int]] = {
    "predictor_consistency": {"n": 10, "seed": 0},
    "subject_halves": {"n": 100, "seed": 0},
    "stored": {"n": 1000, "seed": 0},
}
"""Ceilings with draws of their own, by default those of Brain-Score."""
_OF_NEUROIDS = (Predictive, ReversePls, CustomMetric)
_OF_RDMS = (Rdm, RdmCV, Rsm, CustomMetric)
_SUITED: dict[CeilingName, tuple[tuple[type[Metric], ...], str]] = {
    "internal_consistency": ((*_OF_NEUROIDS, TwoAlternative), "of single neuroids"),
    "predictor_consistency": (_OF_NEUROIDS, "of single neuroids"),
    "stored": ((Predictive, CustomMetric), "of single neuroids"),
    "rsa_bounds": (_OF_RDMS, "of RDMs"),
    "leave_one_subject_out": (_OF_RDMS, "of RDMs"),
    "subject_halves": ((*_OF_RDMS, ErrorConsistency, AccuracyDistance), "of RDMs or choices of subjects"),
    "subject_pairs": ((ErrorConsistency, AccuracyDistance, CustomMetric), "of choices of subjects"),
}
"""Ceiling to the metrics that it can bound, and what it is of."""


class Ceiling(Spec):
    """The reliability of the data, which bounds what any model can score."""

    shorthand = {"enum": [name for name in CEILINGS if name not in ("stored", "constant")]}  # noqa: RUF012

    name: CeilingName
    n: Annotated[
        Positive, Field(description="number of split halves, or draws; of subject_halves 100, of stored 1000")
    ] = 10
    seed: Annotated[int, Field(ge=0, description="of predictor_consistency, subject_halves and stored 0")] = 1
    value: Annotated[float, Field(description="where the ceiling is a constant")] | None = None
    coord: (
        Annotated[str, Field(description="where it is stored: the coord of the neuroids that has it")] | None
    ) = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        given = {"name": value} if isinstance(value, str) else value
        if isinstance(given, dict) and isinstance(given.get("name"), str):
            return {**_DRAWS.get(given["name"], {}), **given}
        return given

    @model_validator(mode="after")
    def _valued(self) -> Self:
        if (self.name == "constant") != (self.value is not None):
            raise ValueError("a constant ceiling needs `value`, and only that does")
        if (self.name == "stored") != (self.coord is not None):
            raise ValueError("a stored ceiling needs `coord`, and only that does")
        return self


def require_suited(ceiling: Ceiling, metric: Metric) -> None:
    """Raise ValueError where a metric's scores are of another kind than the ceiling."""
    suited, of = _SUITED.get(ceiling.name, ((Metric,), ""))
    if not isinstance(metric, suited):
        raise ValueError(
            f"ceiling: {ceiling.name} is {of}, and {metric.name} compares none{_instead(metric)}"
        )
    if ceiling.name in _SUITED and isinstance(metric, BySubject) and metric.subjects == "pooled":
        raise ValueError(f"ceiling: {ceiling.name} is between subjects, and `subjects: pooled` leaves one")


def _instead(metric: Metric) -> str:
    """Which ceilings there are for a metric."""
    suited = [name for name, (kinds, _) in _SUITED.items() if isinstance(metric, kinds)]
    return f": use {' or '.join([*suited, 'constant'])}"
