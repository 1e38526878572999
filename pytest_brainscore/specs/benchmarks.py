"""What a benchmark file says of its benchmarks: metric, splits, ceiling, normalisation."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from .base import DOTTED, DOTTED_TAG, Id, Spec, tagged_by

Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(gt=0)]
Alpha = Annotated[float, Field(gt=0)]
Distance = Literal["pearson", "cosine", "euclidean"]
Comparison = Literal["spearman", "pearson", "cosine", "kendall_tau_a", "rho_a"]
Representation = Literal["coordinates", "activations"]
Normalisation = Literal[
    "none", "r2_over_ceiling", "r_over_ceiling", "r_over_sqrt_ceiling", "r2_over_ceiling2", "above_chance"
]


class Metric(Spec):
    """The ground of all metrics: which function computes it, and what that function must see."""

    function: ClassVar[str]
    sees: ClassVar[Representation] = "coordinates"
    uses_splits: ClassVar[bool] = True
    per_subject: ClassVar[bool] = False
    normalise: ClassVar[Normalisation] = "r2_over_ceiling"

    name: str

    def parameters(self) -> dict[str, Any]:
        """The keyword arguments of the metric's function; what is None is left to its default."""
        return self.model_dump(exclude={"name", "subjects"}, exclude_none=True)


class Pls(Metric):
    """Partial least squares regression (PLS2), unscaled: neural predictivity."""

    function = "pytest_brainscore.metrics.predictivity:pls"
    name: Literal["pls"]
    components: Positive = 25


class Ridge(Metric):
    """Ridge regression with one fixed penalty."""

    function = "pytest_brainscore.metrics.predictivity:ridge"
    name: Literal["ridge"]
    alpha: Alpha = 1.0


class RidgeCV(Metric):
    """Ridge regression whose penalty is chosen by exact leave-one-out on the training stimuli."""

    function = "pytest_brainscore.metrics.predictivity:ridgecv"
    name: Literal["ridgecv"]
    alphas: Annotated[tuple[Alpha, ...], Field(min_length=1)] | None = None
    per_neuroid: bool = False
    criterion: Literal["squared_error", "pearson"] = "squared_error"


class Linear(Metric):
    """Ordinary least squares, of minimum norm where it is not unique."""

    function = "pytest_brainscore.metrics.predictivity:linear"
    name: Literal["linear"]


class NeuronToNeuron(Metric):
    """Each neuroid predicted by the one unit that correlates best with it in training."""

    function = "pytest_brainscore.metrics.predictivity:neuron_to_neuron"
    sees = "activations"
    name: Literal["neuron_to_neuron"]


class PcaRidge(Metric):
    """Ridge regression on principal components; reports explained variance beside r."""

    function = "pytest_brainscore.metrics.predictivity:pca_ridge"
    name: Literal["pca_ridge"]
    components: Positive = 100
    alpha: Alpha = 1.0


class _BySubject(Metric):
    per_subject = True
    normalise = "r_over_ceiling"
    subjects: Annotated[
        Literal["separate", "pooled"],
        Field(description="one comparison per subject, averaged; or all neuroids as one population"),
    ] = "separate"


class Rdm(_BySubject):
    """Representational similarity: the correlation of two dissimilarity matrices."""

    function = "pytest_brainscore.metrics.rsa:rdm"
    uses_splits = False
    name: Literal["rdm"]
    distance: Distance = "pearson"
    comparison: Comparison = "spearman"


class RdmCV(_BySubject):
    """Representational similarity on the test stimuli of each split."""

    function = "pytest_brainscore.metrics.rsa:rdm_cv"
    name: Literal["rdm_cv"]
    distance: Distance = "pearson"
    comparison: Comparison = "spearman"


class Cka(_BySubject):
    """Linear centred kernel alignment, debiased unless told otherwise."""

    function = "pytest_brainscore.metrics.cka:cka"
    uses_splits = False
    name: Literal["cka"]
    debiased: bool = True


class CkaCV(_BySubject):
    """Linear centred kernel alignment on the test stimuli of each split."""

    function = "pytest_brainscore.metrics.cka:cka_cv"
    name: Literal["cka_cv"]
    debiased: bool = True


class CustomMetric(Metric):
    """A metric of the user's own: any callable ``metric(x, y, splits, **parameters)``."""

    model_config = ConfigDict(extra="allow")
    normalise = "none"

    name: Annotated[str, Field(pattern=DOTTED)]
    representation: Representation = "activations"

    @property
    def label(self) -> str:
        """The function's own name."""
        return self.name.split(":")[1]

    def parameters(self) -> dict[str, Any]:
        """All that stands beside `name` and `representation`."""
        return dict(self.model_extra or {})


AnyMetric = Annotated[
    Annotated[Pls, Tag("pls")]
    | Annotated[Ridge, Tag("ridge")]
    | Annotated[RidgeCV, Tag("ridgecv")]
    | Annotated[Linear, Tag("linear")]
    | Annotated[NeuronToNeuron, Tag("neuron_to_neuron")]
    | Annotated[PcaRidge, Tag("pca_ridge")]
    | Annotated[Rdm, Tag("rdm")]
    | Annotated[RdmCV, Tag("rdm_cv")]
    | Annotated[Cka, Tag("cka")]
    | Annotated[CkaCV, Tag("cka_cv")]
    | Annotated[CustomMetric, Tag(DOTTED_TAG)],
    Discriminator(tagged_by("name")),
]


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


class Ceiling(Spec):
    """The reliability of the data, which bounds what any model can score."""

    shorthand = {"enum": ["internal_consistency", "rsa_bounds", "none"]}  # noqa: RUF012

    name: Literal["internal_consistency", "rsa_bounds", "constant", "none"]
    n: Annotated[Positive, Field(description="number of split halves")] = 10
    seed: Annotated[int, Field(ge=0)] = 1
    value: Annotated[float, Field(description="where the ceiling is a constant")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _valued(self) -> Self:
        if (self.name == "constant") != (self.value is not None):
            raise ValueError("a constant ceiling needs `value`, and only that does")
        return self


def _or_a_name(schema: dict[str, Any]) -> None:
    """Let the schema take a metric's name alone, too."""
    variants = {key: schema.pop(key) for key in ("discriminator", "oneOf") if key in schema}
    schema["anyOf"] = [{"type": "string", "description": "the metric's name"}, variants]


Coord = str | int | float | bool


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
    select: Annotated[
        dict[str, Coord | tuple[Coord, ...]], Field(description="coord of the recordings to values to keep")
    ] = Field(default_factory=dict)
    version: Positive = 1
    reference: str | None = None

    @field_validator("metric", mode="before")
    @classmethod
    def _metric_from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

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
        if ceiling == "rsa_bounds" and not isinstance(metric, Rdm | RdmCV | CustomMetric):
            raise ValueError(f"ceiling: rsa_bounds is of RDMs, and {metric.name} compares none")
        if ceiling == "internal_consistency" and isinstance(metric, _BySubject):
            raise ValueError(f"ceiling: internal_consistency is of single neuroids, not for {metric.name}")
        return self

    def normalisation(self) -> Normalisation:
        """What is written, or else the metric's own way where there is a ceiling."""
        if self.normalise is not None:
            return self.normalise
        return "none" if self.ceiling.name == "none" else self.metric.normalise
