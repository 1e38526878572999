"""Published values: what the reference, or a paper, gives for a benchmark."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .base import Spec

NO_MODELS = ("ceiling", "self")
"""What a figure may be of besides a model; a run refuses a model that there is not."""


class Published(Spec):
    """One figure that was published: a ceiling, or a model's scores."""

    of: Annotated[str, Field(description="the model; `ceiling`; or `self`, the data predicting themselves")]
    region: Annotated[str, Field(description="where the entry has several")] | None = None
    raw: float | None = None
    ceiled: float | None = None
    value: Annotated[float, Field(description="of a ceiling")] | None = None
    tolerance: Annotated[float, Field(gt=0)] | None = None
    source: Annotated[str, Field(description="where it stands")]
