"""What a benchmark file says of its benchmarks: metric, splits, ceiling, normalisation."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from .base import Id, Spec
from .guards import Guard, needs_splits
from .metrics import (
    AccuracyDistance,
    AnyMetric,
    Behavioural,
    BySubject,
    CustomMetric,
    ErrorConsistency,
    Metric,
    Normalisation,
    Positive,
    Predictive,
    Rdm,
    RdmCV,
    ReversePls,
    Rsm,
    TwoAlternative,
)
from .published import Published
from .readouts import Readout
from .selections import Selection
from .views import Components, Trials

Fraction = Annotated[float, Field(gt=0, lt=1)]


class Splits(Spec):
    """How the stimuli are split: shuffled `n` times, in `folds`, or as a coord of the stimuli says."""

    n: Annotated[Positive, Field(description="number of shuffled splits")] | None = None
    train: Annotated[Fraction, Field(description="share of the stimuli to train on")] | None = None
    test: Annotated[Fraction, Field(description="share of the stimuli to test on")] | None = None
    folds: Annotated[int, Field(ge=2, description="k-fold cross-validation instead")] | None = None
    given: Annotated[str, Field(description="a coord of the stimuli that says train or test")] | None = None
    stratify: Annotated[str, Field(description="a coord of the stimuli to keep in proportion")] | None = None
    seed: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        shuffled = any(v is not None for v in (self.n, self.train, self.test))
        if sum((shuffled, self.folds is not None, self.given is not None)) > 1:
            raise ValueError("give n/train/test (shuffled), or folds, or given: only one of the three")
        if self.given and self.stratify:
            raise ValueError("given splits cannot be stratified")
        return self


CeilingName = Literal[
    "internal_consistency",
    "predictor_consistency",
    "rsa_bounds",
    "leave_one_subject_out",
    "subject_pairs",
    "subject_halves",
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


def _or_a_name(schema: dict[str, Any]) -> None:
    """Let the schema take a metric's name alone, too."""
    variants = {key: schema.pop(key) for key in ("discriminator", "oneOf") if key in schema}
    schema["anyOf"] = [{"type": "string", "description": "the metric's name"}, variants]


BEHAVIOUR = "behaviour"


class Benchmark(Spec):
    """One entry of `benchmarks:`. With `regions`, one benchmark per region."""

    id: Id | None = None
    dataset: Annotated[Id, Field(description="which of `datasets`")] | None = None
    region: Id | None = None
    regions: Annotated[tuple[Id, ...], Field(min_length=1)] | None = None
    metric: Annotated[AnyMetric, Field(json_schema_extra=_or_a_name)]
    splits: Splits = Splits()
    ceiling: Ceiling = Ceiling(name="none")
    normalise: Normalisation | None = None
    chance: Annotated[float, Field(description="for normalise: above_chance")] | None = None
    clip: Annotated[tuple[float, float], Field(description="bounds of the ceiled score")] | None = None
    select: Annotated[Selection, Field(description="coord of the recordings to values to keep")] = Field(
        default_factory=dict
    )
    readout: Annotated[Readout, Field(description="how choices are read, for behaviour")] | None = None
    missing: (
        Annotated[
            Literal["neuroids", "stimuli"],
            Field(description="what is left out where a value is NaN; default: neuroids"),
        ]
        | None
    ) = None
    layers: (
        Annotated[
            Literal["best"],
            Field(description="best: of all layers the one that scores best on these same data"),
        ]
        | None
    ) = None
    pca: Annotated[Components, Field(description="project activations first")] | None = None
    trials: Annotated[Trials, Field(description="of networks that answer at random")] | None = None
    published: Annotated[tuple[Published, ...], Field(description="what others found")] = ()
    guard: Annotated[Guard, Field(description="how far a score may fall below its baseline")] = Guard()
    version: Positive = 1
    reference: str | None = None

    @field_validator("metric", mode="before")
    @classmethod
    def _metric_from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("splits")
    @classmethod
    def _splits_of_stimuli(cls, splits: Splits, info: ValidationInfo) -> Splits:
        metric = info.data.get("metric")
        if isinstance(metric, Behavioural) and not isinstance(metric, TwoAlternative):
            raise ValueError(f"`splits` is of what is fitted and tested, and {metric.name} fits nothing")
        if isinstance(metric, TwoAlternative):
            raise ValueError(
                f"`splits` is of stimuli, and {metric.name} halves trials: write `halvings` and `seed` in the"
                " metric, and `fit` in `readout` for the stimuli to fit on"
            )
        return splits

    @field_validator("guard")
    @classmethod
    def _drop_of_its_kind(cls, guard: Guard, info: ValidationInfo) -> Guard:
        metric, splits = info.data.get("metric"), info.data.get("splits")
        single = (metric is not None and not metric.uses_splits) or (splits is not None and splits.n == 1)
        if single and guard.drop is not None and guard.drop.unit == "se":
            raise ValueError(needs_splits(guard.drop))
        return guard

    @model_validator(mode="after")
    def _one_region_key(self) -> Self:
        if (self.region is None) == (self.regions is None):
            raise ValueError("give `region` or `regions`, one of the two")
        if self.id and self.regions and len(self.regions) > 1:
            raise ValueError("`id` names one benchmark; with several regions leave it out")
        if (self.normalise == "above_chance") != (self.chance is not None):
            raise ValueError("`normalise: above_chance` needs `chance`, and only that does")
        if self.clip and self.clip[0] >= self.clip[1]:
            raise ValueError(f"clip: {self.clip[0]} is not below {self.clip[1]}")
        return self

    @model_validator(mode="after")
    def _ceiling_of_its_kind(self) -> Self:
        metric, ceiling = self.metric, self.ceiling.name
        if ceiling == "none" and self.normalise not in (None, "none"):
            raise ValueError(f"`normalise: {self.normalise}` divides by a ceiling, and there is none")
        suited, of = _SUITED.get(ceiling, ((Metric,), ""))
        if not isinstance(metric, suited):
            raise ValueError(f"ceiling: {ceiling} is {of}, and {metric.name} compares none{_instead(metric)}")
        if ceiling in _SUITED and isinstance(metric, BySubject) and metric.subjects == "pooled":
            raise ValueError(f"ceiling: {ceiling} is between subjects, and `subjects: pooled` leaves one")
        return self

    @model_validator(mode="after")
    def _left_out_of_its_kind(self) -> Self:
        if self.missing is not None and isinstance(self.metric, Behavioural):
            raise ValueError(f"`missing` is of responses, and {self.metric.name} compares choices")
        return self

    @model_validator(mode="after")
    def _behaviour_of_its_kind(self) -> Self:
        if not isinstance(self.metric, Behavioural):
            if self.readout is not None:
                raise ValueError(f"`readout` is for metrics of choices, and {self.metric.name} is none")
            return self
        if set(self.regions or (self.region,)) != {BEHAVIOUR}:
            raise ValueError(f"{self.metric.name} compares choices: write `region: {BEHAVIOUR}`")
        if isinstance(self.metric, TwoAlternative) and self.ceiling.model_fields_set & {"n", "seed"}:
            raise ValueError(
                f"ceiling: {self.metric.name} compares its own halves of the trials: write `halvings` and"
                " `seed` in the metric, not in the ceiling"
            )
        return self

    def normalisation(self) -> Normalisation:
        """What is written, or else the metric's own way where there is a ceiling."""
        if self.normalise is not None:
            return self.normalise
        return "none" if self.ceiling.name == "none" else self.metric.normalise


def _instead(metric: Metric) -> str:
    """Which ceilings there are for a metric."""
    suited = [name for name, (kinds, _) in _SUITED.items() if isinstance(metric, kinds)]
    return f": use {' or '.join([*suited, 'constant'])}"
