"""Readouts: how a network's choices are read."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Spec
from .selections import Selection

Classes = Literal["imagenet", "imagenet16"]


class Readout(Spec):
    """How a network's choices are read: by logistic regression, or from its 1,000 logits of ImageNet.

    The regression goes from standardised activations to objects. With `classes`, nothing is fitted: the
    network's own answer says how likely each class of ImageNet is (`imagenet`, whose names are the synsets),
    and their mean over the classes of an object how likely that is (`imagenet16`: Geirhos et al. 2018).
    """

    label: Annotated[str, Field(description="the coord of the stimuli that names their object")] = (
        "object_name"
    )
    fit: Annotated[
        Selection,
        Field(description="coord of the stimuli to values to fit on; default: all that have a label"),
    ] = Field(default_factory=dict)
    c: Annotated[float, Field(gt=0, description="inverse of the strength of the L2 penalty")] = 0.001
    classes: Annotated[Classes, Field(description="read the 1,000 logits instead")] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.classes is not None and self.model_fields_set & {"label", "fit", "c"}:
            raise ValueError("`label`, `fit` and `c` are of a fitted readout, and `classes` fits nothing")
        return self
