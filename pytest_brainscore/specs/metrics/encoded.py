"""Metrics of fMRI: voxels encoded by ridge regression, and similarity with and without that reweighting."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from ...errors import nearest
from ..views import Projection
from .ground import Alpha, BrainDistance, BySubject, Comparison, Distance, Normalisation, Positive

_FEATURES = ("projection", "exact", "units")
_SCALES = {"exact": "whole", "units": "none"}


class Halved(BySubject):
    """The ground of metrics that score the training and the test stimuli of a split, subject by subject."""

    tells_train = True


class Encoded(Halved):
    """The ground of metrics that predict every neuroid by a ridge regression of its own.

    Each neuroid has the alpha that does best where every training stimulus in turn is left out. It means the
    same for all layers: projections are z-scored on the training stimuli, and exact coordinates scaled as a
    whole to the variance that projections have. Units z-scored one by one fail on the test stimuli where one
    is nearly silent in training (docs/encoding.md).
    """

    told: ClassVar[frozenset[str]] = frozenset({"features", "criterion", "grid"})

    features: Annotated[
        Literal["exact", "units"] | Projection,
        Field(
            description="projection: a sparse random one, z-scored, as the study; exact: what that"
            " approximates, all units, scaled as a whole; units: all units, each z-scored, in one split"
        ),
    ] = Projection()
    alphas: (
        Annotated[
            tuple[Alpha, ...], Field(min_length=1, description="default: 0.1 to 10,000,000, a decade apart")
        ]
        | None
    ) = None
    grid: Annotated[
        Literal["nominal", "released"],
        Field(
            description="released: alphas times the number of training stimuli, as the released code of"
            " Conwell et al. 2024 comes to do"
        ),
    ] = "nominal"
    criterion: Annotated[
        Literal["squared_error", "pearson"],
        Field(description="of the left-out predictions, to choose alpha by; pearson: as the study"),
    ] = "squared_error"

    @field_validator("features", mode="before")
    @classmethod
    def _known_features(cls, value: Any) -> Any:
        if not isinstance(value, dict | Projection) and value not in _FEATURES:
            raise ValueError(
                f"projection, exact or units is due, not {value!r}{nearest(str(value), _FEATURES)}"
            )
        return value

    def parameters(self) -> dict[str, Any]:
        """With `scale` for `features`: units were z-scored one by one when their coordinates were made."""
        said = {name: value for name, value in super().parameters().items() if name != "features"}
        return {**said, "scale": _SCALES.get(str(self.features), "units")}


class Encoding(Encoded):
    """Voxel encoding: Pearson's r of each neuroid and its prediction, averaged over the region's neuroids."""

    function = "pytest_brainscore.metrics.encoding:encoding"
    normalise: ClassVar[Normalisation] = "r2_over_ceiling"
    name: Literal["encoding"]


class Versa(Encoded):
    """Voxel-encoding RSA: the RDM of the predicted responses against that of the recorded ones."""

    function = "pytest_brainscore.metrics.encoding:versa"
    name: Literal["versa"]
    distance: Distance = "pearson"
    comparison: Comparison = "pearson"


class Crsa(Halved):
    """Classical RSA on both halves: the RDM of all units against that of the recorded responses."""

    function = "pytest_brainscore.metrics.encoding:crsa"
    name: Literal["crsa"]
    distance: BrainDistance = "pearson"
    comparison: Comparison = "pearson"


class UniqueVariance(BySubject):
    """What a network explains of each neuroid beyond named baselines, by banded ridge regression."""

    function = "pytest_brainscore.metrics.unique_variance:unique_variance"
    normalise: ClassVar[Normalisation] = "none"
    name: Literal["unique_variance"]
    over: Annotated[
        tuple[str, ...],
        Field(
            min_length=1,
            description="models such as pixels and gabor, `untrained` (the network's own twin), or coords of"
            " the stimuli, whose values are categories",
        ),
    ] = ("pixels", "gabor", "untrained")
    alphas: Annotated[tuple[Alpha, ...], Field(min_length=1)] | None = None
    candidates: Annotated[
        Positive, Field(description="how many divisions of the penalty among the bands are tried")
    ] = 50
    seed: Annotated[int, Field(ge=0, description="of those divisions, and of the folds that judge them")] = 0

    @field_validator("over", mode="before")
    @classmethod
    def _some_baseline(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple) or not value:
            raise ValueError("name a baseline in a list, such as [pixels, gabor, untrained]")
        return value

    def parameters(self) -> dict[str, Any]:
        """Without `over`: the baselines are represented before."""
        return {name: value for name, value in super().parameters().items() if name != "over"}
