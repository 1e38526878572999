"""The registry of metrics: what a benchmark may name, with its parameters and what it must see."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from .base import DOTTED, DOTTED_TAG, Spec, tagged_by

Positive = Annotated[int, Field(gt=0)]
Alpha = Annotated[float, Field(gt=0)]
Distance = Literal["pearson", "cosine", "euclidean"]
Comparison = Literal["spearman", "pearson", "cosine", "kendall_tau_a", "rho_a"]
Representation = Literal["coordinates", "activations"]
Normalisation = Literal[
    "none", "r2_over_ceiling", "r_over_ceiling", "r_over_sqrt_ceiling", "r2_over_ceiling2", "above_chance"
]


class Metric(Spec):
    """The ground of all metrics: which function computes it, and what that function must see.

    `version` is raised when the same function gives other numbers: baselines are of one version.
    """

    version: ClassVar[int] = 1
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


class BySubject(Metric):
    """The ground of metrics that compare subject by subject."""

    per_subject = True
    normalise = "r_over_ceiling"
    subjects: Annotated[
        Literal["separate", "pooled"],
        Field(description="one comparison per subject, averaged; or all neuroids as one population"),
    ] = "separate"


class Rdm(BySubject):
    """Representational similarity: the correlation of two dissimilarity matrices."""

    function = "pytest_brainscore.metrics.rsa:rdm"
    uses_splits = False
    name: Literal["rdm"]
    distance: Distance = "pearson"
    comparison: Comparison = "spearman"


class RdmCV(BySubject):
    """Representational similarity on the test stimuli of each split."""

    function = "pytest_brainscore.metrics.rsa:rdm_cv"
    name: Literal["rdm_cv"]
    distance: Distance = "pearson"
    comparison: Comparison = "spearman"


class Cka(BySubject):
    """Linear centred kernel alignment, debiased unless told otherwise."""

    function = "pytest_brainscore.metrics.cka:cka"
    uses_splits = False
    name: Literal["cka"]
    debiased: bool = True


class CkaCV(BySubject):
    """Linear centred kernel alignment on the test stimuli of each split."""

    function = "pytest_brainscore.metrics.cka:cka_cv"
    name: Literal["cka_cv"]
    debiased: bool = True


class Behavioural(Metric):
    """The ground of metrics that compare two-alternative choices, on halves of the trials."""

    sees = "activations"
    uses_splits = False
    normalise = "r_over_sqrt_ceiling"
    name: Literal["i1", "i1n", "i2", "i2n"]
    halvings: Annotated[Positive, Field(description="how often the trials are halved at random")] = 2
    seed: Annotated[int, Field(ge=0)] = 0


class I1(Behavioural):
    """How hard each image is, averaged over distractors: correlation of d' with the subjects'."""

    function = "pytest_brainscore.metrics.behaviour:i1"
    name: Literal["i1"]


class I1n(Behavioural):
    """`i1` of what is left when the mean of each pair of objects is taken away."""

    function = "pytest_brainscore.metrics.behaviour:i1n"
    name: Literal["i1n"]


class I2(Behavioural):
    """How hard each image is against each distractor: correlation of d' with the subjects'."""

    function = "pytest_brainscore.metrics.behaviour:i2"
    name: Literal["i2"]


class I2n(Behavioural):
    """`i2` of what is left when the mean of each pair of objects is taken away."""

    function = "pytest_brainscore.metrics.behaviour:i2n"
    name: Literal["i2n"]


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


OF_NEUROIDS = ("pls", "ridge", "ridgecv", "linear", "neuron_to_neuron", "pca_ridge")
"""Names of the metrics that predict single neuroids."""

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
    | Annotated[I1, Tag("i1")]
    | Annotated[I1n, Tag("i1n")]
    | Annotated[I2, Tag("i2")]
    | Annotated[I2n, Tag("i2n")]
    | Annotated[CustomMetric, Tag(DOTTED_TAG)],
    Discriminator(tagged_by("name")),
]
