"""The ground of all metrics: which function computes it, and what that function must see."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..base import Spec

Positive = Annotated[int, Field(gt=0)]
Alpha = Annotated[float, Field(gt=0)]
Distance = Literal["pearson", "cosine", "euclidean"]
BrainDistance = Distance | Literal["crossnobis"]
Comparison = Literal[
    "spearman", "pearson", "cosine", "kendall_tau_a", "rho_a", "whitened_pearson", "whitened_cosine"
]
Representation = Literal["coordinates", "activations"]
Normalisation = Literal[
    "none", "r2_over_ceiling", "r_over_ceiling", "r_over_sqrt_ceiling", "r2_over_ceiling2", "above_chance"
]


class Metric(Spec):
    """The ground of all metrics: which function computes it, and what that function must see.

    `version` is raised when the same function gives other numbers: baselines are of one version.
    `tells_train`: scores the training stimuli of a split, too, each predicted by a fit without it, so that a
    layer can be chosen by them.
    `splits_as_listed`: splits are drawn over the stimuli as the data set's table lists them, and not in the
    order of the responses.
    `told`: fields that a result names whatever they are; others it names where they are not the default.
    """

    version: ClassVar[int] = 1
    function: ClassVar[str]
    sees: ClassVar[Representation] = "coordinates"
    uses_splits: ClassVar[bool] = True
    tells_train: ClassVar[bool] = False
    splits_as_listed: ClassVar[bool] = False
    per_subject: ClassVar[bool] = False
    over_time: ClassVar[bool] = False
    normalise: ClassVar[Normalisation] = "r2_over_ceiling"
    told: ClassVar[frozenset[str]] = frozenset()

    name: str

    def parameters(self) -> dict[str, Any]:
        """The keyword arguments of the metric's function; what is None is left to its default."""
        return self.model_dump(exclude={"name", "subjects"}, exclude_none=True)

    def settings(self) -> dict[str, Any]:
        """What a result says that it is set to, as plain JSON; what is not finite is None there."""
        named = self.told | self.model_dump(exclude={"name"}, exclude_defaults=True).keys()
        return self.model_dump(mode="json", include=set(named), exclude_none=True)


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


class BySubject(Metric):
    """The ground of metrics that compare subject by subject."""

    per_subject = True
    normalise: ClassVar[Normalisation] = "r_over_ceiling"
    subjects: Annotated[
        Literal["separate", "pooled"],
        Field(description="one comparison per subject, averaged; or all neuroids as one population"),
    ] = "separate"


class Behavioural(Metric):
    """The ground of metrics that compare choices."""

    sees = "activations"
    uses_splits = False
