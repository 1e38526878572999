"""Ceilings: the reliability of the data, and which metrics it can bound."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from .base import Spec
from .metrics import (
    AccuracyDistance,
    Crsa,
    CustomMetric,
    Encoding,
    ErrorConsistency,
    Metric,
    Positive,
    Predictive,
    Rdm,
    RdmCV,
    ReversePls,
    Rsm,
    TwoAlternative,
    UniqueVariance,
    Versa,
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
    "gsn": {"n": 50, "seed": 0},
}
"""Ceilings with draws of their own, by default those of Brain-Score, and of GSN."""
_DRAWN = {"internal_consistency", *_DRAWS}
"""Ceilings that are made of draws, so that their number and seed are a part of them."""
_OF_NEUROIDS = (Predictive, Encoding, ReversePls, CustomMetric)
_OF_RDMS = (Rdm, RdmCV, Rsm, Crsa, Versa, CustomMetric)
_SUITED: dict[CeilingName, tuple[tuple[type[Metric], ...], str]] = {
    "internal_consistency": ((*_OF_NEUROIDS, TwoAlternative), "of single neuroids"),
    "predictor_consistency": (_OF_NEUROIDS, "of single neuroids"),
    "stored": ((Predictive, Encoding, CustomMetric), "of single neuroids"),
    "ncsnr": ((Predictive, Encoding, UniqueVariance, CustomMetric), "of single neuroids"),
    "rsa_bounds": (_OF_RDMS, "of RDMs"),
    "leave_one_subject_out": (_OF_RDMS, "of RDMs"),
    "subject_halves": ((*_OF_RDMS, ErrorConsistency, AccuracyDistance), "of RDMs or choices of subjects"),
    "gsn": ((Rdm, RdmCV, Crsa, Versa, CustomMetric), "of RDMs"),
    "other_subjects": ((Predictive, Encoding, Rdm, RdmCV, Crsa, Versa), "of neuroids or RDMs"),
    "subject_pairs": ((ErrorConsistency, AccuracyDistance, CustomMetric), "of choices of subjects"),
}
"""Ceiling to the metrics that it can bound, and what it is of."""
_BETWEEN_SUBJECTS = {"rsa_bounds", "leave_one_subject_out", "subject_halves", "other_subjects"}


class Ceiling(Spec):
    """The reliability of the data, which bounds what any model can score."""

    shorthand = {"enum": [name for name in CEILINGS if name not in ("stored", "constant")]}  # noqa: RUF012

    name: CeilingName
    n: Annotated[
        Positive,
        Field(
            description="number of split halves, draws or simulations; of subject_halves 100, of stored 1000,"
            " of gsn 50"
        ),
    ] = 10
    seed: Annotated[
        int, Field(ge=0, description="of predictor_consistency, subject_halves, stored and gsn 0")
    ] = 1
    value: Annotated[float, Field(description="where the ceiling is a constant")] | None = None
    coord: (
        Annotated[
            str,
            Field(description="of stored and ncsnr: the coord of the neuroids that has it; of ncsnr `ncsnr`"),
        ]
        | None
    ) = None
    repetitions: (
        Annotated[
            Positive,
            Field(
                description="of ncsnr: how many repetitions each response is a mean of; default: the coord"
                " `repetitions` of the neuroids, or as many as the recordings have"
            ),
        ]
        | None
    ) = None
    neuroids: (
        Annotated[
            Positive,
            Field(
                ge=4, description="of gsn: how many neuroids of a subject are drawn at most; default: 1000"
            ),
        ]
        | None
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
        if self.name == "stored" and self.coord is None:
            raise ValueError("a stored ceiling needs `coord`, and only that does")
        owners = {"coord": ("stored", "ncsnr"), "repetitions": ("ncsnr",), "neuroids": ("gsn",)}
        for key, names in owners.items():
            if self.name not in names and getattr(self, key) is not None:
                raise ValueError(f"`{key}` is of {' and '.join(names)}, and {self.name} makes nothing of it")
        return self

    def settings(self) -> dict[str, Any]:
        """What a result says that it is set to: of draws their number and seed, and what else is given."""
        unused = {"name"} if self.name in _DRAWN else {"name", "n", "seed"}
        return self.model_dump(mode="json", exclude=unused, exclude_none=True)


def require_suited(ceiling: Ceiling, metric: Metric) -> None:
    """Raise ValueError where a metric's scores are of another kind than the ceiling."""
    suited, of = _SUITED.get(ceiling.name, ((Metric,), ""))
    if not isinstance(metric, suited):
        raise ValueError(
            f"ceiling: {ceiling.name} is {of}, and {metric.name} compares none{_instead(metric)}"
        )
    if ceiling.name in _BETWEEN_SUBJECTS and getattr(metric, "subjects", "separate") != "separate":
        pooled = getattr(metric, "subjects", None) == "pooled"
        what = "`subjects: pooled` leaves one" if pooled else f"{metric.name} needs `subjects: separate`"
        raise ValueError(f"ceiling: {ceiling.name} is between subjects, and {what}")


def _instead(metric: Metric) -> str:
    """Which ceilings there are for a metric."""
    suited = [name for name, (kinds, _) in _SUITED.items() if isinstance(metric, kinds)]
    return f": use {' or '.join([*suited, 'constant'])}"
