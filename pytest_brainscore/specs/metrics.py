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
    `splits_as_listed`: splits are drawn over the stimuli as the data set's table lists them, and not in the
    order of the responses.
    """

    version: ClassVar[int] = 1
    function: ClassVar[str]
    sees: ClassVar[Representation] = "coordinates"
    uses_splits: ClassVar[bool] = True
    splits_as_listed: ClassVar[bool] = False
    per_subject: ClassVar[bool] = False
    over_time: ClassVar[bool] = False
    normalise: ClassVar[Normalisation] = "r2_over_ceiling"

    name: str

    def parameters(self) -> dict[str, Any]:
        """The keyword arguments of the metric's function; what is None is left to its default."""
        return self.model_dump(exclude={"name", "subjects"}, exclude_none=True)


class Predictive(Metric):
    """The ground of metrics that predict single neuroids from activations."""

    subjects: (
        Annotated[
            Literal["separate", "pooled"],
            Field(
                description="separate: a fit, a median and a ceiled score per subject, then their mean;"
                " default: one for all neuroids"
            ),
        ]
        | None
    ) = None


class Pls(Predictive):
    """Partial least squares regression (PLS2), unscaled: neural predictivity."""

    function = "pytest_brainscore.metrics.predictivity:pls"
    name: Literal["pls"]
    components: Positive = 25


class Ridge(Predictive):
    """Ridge regression with one fixed penalty."""

    function = "pytest_brainscore.metrics.predictivity:ridge"
    name: Literal["ridge"]
    alpha: Alpha = 1.0


class RidgeCV(Predictive):
    """Ridge regression whose penalty is chosen by exact leave-one-out on the training stimuli."""

    function = "pytest_brainscore.metrics.predictivity:ridgecv"
    name: Literal["ridgecv"]
    alphas: Annotated[tuple[Alpha, ...], Field(min_length=1)] | None = None
    per_neuroid: bool = False
    criterion: Literal["squared_error", "pearson"] = "squared_error"


class Linear(Predictive):
    """Ordinary least squares, of minimum norm where it is not unique."""

    function = "pytest_brainscore.metrics.predictivity:linear"
    name: Literal["linear"]


class TemporalPls(Predictive):
    """`pls` of responses over time: one fit of all stimuli and time bins, and r per bin."""

    function = "pytest_brainscore.metrics.temporal:temporal_pls"
    over_time = True
    name: Literal["temporal_pls"]
    components: Positive = 25


class ReversePls(Metric):
    """The responses predict each unit of the network: what of it the brain has, too."""

    function = "pytest_brainscore.metrics.predictivity:reverse_pls"
    sees = "activations"
    splits_as_listed = True
    name: Literal["reverse_pls"]
    components: Positive = 25


class NeuronToNeuron(Predictive):
    """Each neuroid predicted by the one unit that correlates best with it in training."""

    function = "pytest_brainscore.metrics.predictivity:neuron_to_neuron"
    sees = "activations"
    name: Literal["neuron_to_neuron"]


class PcaRidge(Predictive):
    """Ridge regression on principal components; reports explained variance beside r."""

    function = "pytest_brainscore.metrics.predictivity:pca_ridge"
    name: Literal["pca_ridge"]
    components: Positive = 100
    alpha: Alpha = 1.0


class BySubject(Metric):
    """The ground of metrics that compare subject by subject."""

    per_subject = True
    normalise: ClassVar[Normalisation] = "r_over_ceiling"
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


class Rsm(BySubject):
    """Pearson's r of similarity matrices: the model's is of its most active units, each z-scored."""

    function = "pytest_brainscore.metrics.rsm:rsm"
    sees = "activations"
    uses_splits = False
    normalise = "r2_over_ceiling2"
    name: Literal["rsm"]
    deviations: Annotated[
        float,
        Field(gt=0, description="units whose |mean| is above so many standard deviations of all means"),
    ] = 3.1


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
    """The ground of metrics that compare choices."""

    sees = "activations"
    uses_splits = False


class TwoAlternative(Behavioural):
    """The ground of metrics that compare choices between two objects, on halves of the trials."""

    normalise = "r_over_sqrt_ceiling"
    name: Literal["i1", "i1n", "i2", "i2n", "o2"]
    halvings: Annotated[Positive, Field(description="how often the trials are halved at random")] = 2
    seed: Annotated[int, Field(ge=0)] = 0


class I1(TwoAlternative):
    """How hard each image is, averaged over distractors: correlation of d' with the subjects'."""

    function = "pytest_brainscore.metrics.behaviour:i1"
    name: Literal["i1"]


class I1n(TwoAlternative):
    """`i1` of what is left when the mean of each pair of objects is taken away."""

    function = "pytest_brainscore.metrics.behaviour:i1n"
    name: Literal["i1n"]


class I2(TwoAlternative):
    """How hard each image is against each distractor: correlation of d' with the subjects'."""

    function = "pytest_brainscore.metrics.behaviour:i2"
    name: Literal["i2"]


class I2n(TwoAlternative):
    """`i2` of what is left when the mean of each pair of objects is taken away."""

    function = "pytest_brainscore.metrics.behaviour:i2n"
    name: Literal["i2n"]


class O2(TwoAlternative):
    """How hard each object is to tell from each other: correlation of d' with the subjects'."""

    function = "pytest_brainscore.metrics.behaviour:o2"
    name: Literal["o2"]


class ErrorConsistency(Behavioural):
    """Cohen's kappa of being right on the same images, per subject and condition, averaged."""

    function = "pytest_brainscore.metrics.choices:error_consistency"
    normalise = "r_over_ceiling"
    name: Literal["error_consistency"]
    absolute: Annotated[bool, Field(description="the absolute value of the mean, as Brain-Score")] = False


class AccuracyDistance(Behavioural):
    """How near a model's accuracy is to that of each subject: 1 - |difference| / the largest there can be."""

    function = "pytest_brainscore.metrics.choices:accuracy_distance"
    normalise = "r_over_ceiling"
    name: Literal["accuracy_distance"]
    per_condition: bool = False


class Accuracy(Behavioural):
    """The share of images whose object the model names: what the stimuli's coord `label` says."""

    function = "pytest_brainscore.metrics.choices:accuracy"
    normalise = "none"
    name: Literal["accuracy"]
    label: Annotated[str, Field(description="coord of the stimuli; default: the truth")] | None = None
    unlike: (
        Annotated[
            str, Field(description="another coord: stimuli where it is the same as the label are left out")
        ]
        | None
    ) = None

    def parameters(self) -> dict[str, Any]:
        """None: coords are read before."""
        return {}


class ShapeBias(Behavioural):
    """Of the choices of an image's shape or its texture, the share of shape."""

    function = "pytest_brainscore.metrics.choices:shape_bias"
    normalise = "none"
    name: Literal["shape_bias"]
    shape: Annotated[str, Field(description="coord of the stimuli that names the shape")] = "shape"
    texture: Annotated[str, Field(description="coord of the stimuli that names the texture")] = "texture"

    def parameters(self) -> dict[str, Any]:
        """None: coords are read before."""
        return {}


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
    | Annotated[TemporalPls, Tag("temporal_pls")]
    | Annotated[ReversePls, Tag("reverse_pls")]
    | Annotated[NeuronToNeuron, Tag("neuron_to_neuron")]
    | Annotated[PcaRidge, Tag("pca_ridge")]
    | Annotated[Rdm, Tag("rdm")]
    | Annotated[RdmCV, Tag("rdm_cv")]
    | Annotated[Rsm, Tag("rsm")]
    | Annotated[Cka, Tag("cka")]
    | Annotated[CkaCV, Tag("cka_cv")]
    | Annotated[I1, Tag("i1")]
    | Annotated[I1n, Tag("i1n")]
    | Annotated[I2, Tag("i2")]
    | Annotated[I2n, Tag("i2n")]
    | Annotated[O2, Tag("o2")]
    | Annotated[ErrorConsistency, Tag("error_consistency")]
    | Annotated[AccuracyDistance, Tag("accuracy_distance")]
    | Annotated[Accuracy, Tag("accuracy")]
    | Annotated[ShapeBias, Tag("shape_bias")]
    | Annotated[CustomMetric, Tag(DOTTED_TAG)],
    Discriminator(tagged_by("name")),
]
