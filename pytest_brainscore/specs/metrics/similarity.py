"""Metrics that compare the geometry of two sets of responses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .ground import BrainDistance, BySubject, Comparison, Positive


class Rdm(BySubject):
    """Representational similarity: the correlation of two dissimilarity matrices."""

    function = "pytest_brainscore.metrics.rsa:rdm"
    uses_splits = False
    name: Literal["rdm"]
    distance: BrainDistance = "pearson"
    comparison: Comparison = "spearman"


class RdmCV(BySubject):
    """Representational similarity on the test stimuli of each split."""

    function = "pytest_brainscore.metrics.rsa:rdm_cv"
    name: Literal["rdm_cv"]
    distance: BrainDistance = "pearson"
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


class Procrustes(BySubject):
    """Procrustes similarity: how well one set of responses can be rotated onto the other."""

    function = "pytest_brainscore.metrics.procrustes:procrustes"
    uses_splits = False
    name: Literal["procrustes"]


class MutualKnn(BySubject):
    """Mutual nearest neighbours: the share of each stimulus's `k` nearest that two sets have in common."""

    function = "pytest_brainscore.metrics.neighbours:mutual_knn"
    uses_splits = False
    name: Literal["mutual_knn"]
    k: Positive = 10


class SoftMatching(BySubject):
    """Soft matching: correlation of units and neuroids under the best transport between them."""

    function = "pytest_brainscore.metrics.soft_matching:soft_matching"
    sees = "activations"
    uses_splits = False
    name: Literal["soft_matching"]
