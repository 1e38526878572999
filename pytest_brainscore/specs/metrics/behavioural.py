"""Metrics that compare choices."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .ground import Behavioural, Positive


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
