"""What a benchmark file says of its benchmarks: metric, splits, ceiling, normalisation."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from .base import Id, Spec
from .ceilings import Ceiling, require_suited
from .guards import Guard, needs_splits
from .inference import Inference, Power
from .metrics import (
    AnyMetric,
    Behavioural,
    Encoded,
    Normalisation,
    Positive,
    TwoAlternative,
)
from .published import Published
from .readouts import Readout
from .selections import Selection
from .splits import Splits
from .views import Components, Pool, Trials


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
            Literal["best"] | Pool,
            Field(
                description="all, second_half, or names: of these the one that scores best on the training"
                " stimuli; best: of all layers the one that scores best on these same data"
            ),
        ]
        | None
    ) = None
    pca: Annotated[Components, Field(description="project activations first")] | None = None
    trials: Annotated[Trials, Field(description="of networks that answer at random")] | None = None
    published: Annotated[tuple[Published, ...], Field(description="what others found")] = ()
    guard: Annotated[Guard, Field(description="how far a score may fall below its baseline")] = Guard()
    inference: Annotated[Inference, Field(description="intervals and the null")] | None = None
    power: Annotated[Power, Field(description="how often a known truth must be recovered")] | None = None
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
        require_suited(self.ceiling, metric)
        return self

    @model_validator(mode="after")
    def _pool_of_its_kind(self) -> Self:
        if isinstance(self.layers, Pool) and not self.metric.tells_train:
            raise ValueError(
                f"`layers` chooses by the training stimuli, and {self.metric.name} does not score these: use"
                " encoding, crsa or versa, or `layers: auto` in models.yaml"
            )
        return self

    @model_validator(mode="after")
    def _components_of_its_kind(self) -> Self:
        if self.pca and isinstance(self.metric, Encoded) and self.metric.features != "exact":
            raise ValueError(
                f"`pca` projects activations, and {self.metric.name} projects or z-scores them itself: write"
                " `features: exact` in the metric"
            )
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

    def ceiling_settings(self) -> dict[str, Any]:
        """What the ceiling is set to; of two alternatives nothing: the metric says how trials are halved."""
        return {} if isinstance(self.metric, TwoAlternative) else self.ceiling.settings()

    def normalisation(self) -> Normalisation:
        """What is written, or else the metric's own way where there is a ceiling."""
        if self.normalise is not None:
            return self.normalise
        return "none" if self.ceiling.name == "none" else self.metric.normalise
