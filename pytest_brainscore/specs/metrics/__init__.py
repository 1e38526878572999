"""The registry of metrics: what a benchmark may name, with its parameters and what it must see."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag

from ..base import DOTTED, DOTTED_TAG, tagged_by
from .behavioural import (
    I1,
    I2,
    O2,
    Accuracy,
    AccuracyDistance,
    ErrorConsistency,
    I1n,
    I2n,
    ShapeBias,
    TwoAlternative,
)
from .encoded import Crsa, Encoded, Encoding, Halved, UniqueVariance, Versa
from .ground import (
    Alpha,
    Behavioural,
    BySubject,
    Comparison,
    Distance,
    Metric,
    Normalisation,
    Positive,
    Predictive,
    Representation,
)
from .predictive import Linear, NeuronToNeuron, PcaRidge, Pls, ReversePls, Ridge, RidgeCV, TemporalPls
from .similarity import Cka, CkaCV, MutualKnn, Procrustes, Rdm, RdmCV, Rsm, SoftMatching

__all__ = [
    "I1",
    "I2",
    "O2",
    "OF_NEUROIDS",
    "Accuracy",
    "AccuracyDistance",
    "Alpha",
    "AnyMetric",
    "Behavioural",
    "BySubject",
    "Cka",
    "CkaCV",
    "Comparison",
    "Crsa",
    "CustomMetric",
    "Distance",
    "Encoded",
    "Encoding",
    "ErrorConsistency",
    "Halved",
    "I1n",
    "I2n",
    "Linear",
    "Metric",
    "MutualKnn",
    "NeuronToNeuron",
    "Normalisation",
    "PcaRidge",
    "Pls",
    "Positive",
    "Predictive",
    "Procrustes",
    "Rdm",
    "RdmCV",
    "Representation",
    "ReversePls",
    "Ridge",
    "RidgeCV",
    "Rsm",
    "ShapeBias",
    "SoftMatching",
    "TemporalPls",
    "TwoAlternative",
    "UniqueVariance",
    "Versa",
]


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
    | Annotated[Procrustes, Tag("procrustes")]
    | Annotated[MutualKnn, Tag("mutual_knn")]
    | Annotated[SoftMatching, Tag("soft_matching")]
    | Annotated[Encoding, Tag("encoding")]
    | Annotated[Crsa, Tag("crsa")]
    | Annotated[Versa, Tag("versa")]
    | Annotated[UniqueVariance, Tag("unique_variance")]
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
