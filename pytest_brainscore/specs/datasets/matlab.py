"""Struct arrays of images and RDMs in MATLAB files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..base import File, Spec
from ..models import Scalar
from .ground import Dataset, Degrees, Name


class MatlabStimuli(Spec):
    """Images in a struct array of a MATLAB file, one element per stimulus."""

    file: File
    variable: Annotated[Name, Field(description="the struct array")]
    image: Annotated[Name, Field(description="field that holds the image, uint8")] = "image"
    coords: Annotated[tuple[Name, ...], Field(description="fields that describe the stimulus")] = ()
    visual_degrees: Degrees | None = None


class MatlabRecordings(Spec):
    """RDMs in a struct array of a MATLAB file, as squares or as vectors of their upper triangle."""

    file: File
    variable: Annotated[Name, Field(description="the struct array")]
    rdm: Annotated[Name, Field(description="field that holds the RDM")] = "RDM"
    dims: Annotated[
        tuple[Name, ...],
        Field(description="what each axis of the struct array is, those of length 1 left out"),
    ] = ("subject",)
    average: Annotated[tuple[Name, ...], Field(description="dims to average over")] = ()
    where: Annotated[dict[str, Scalar], Field(description="field to the value that elements must have")] = (
        Field(default_factory=dict)
    )
    subjects: Annotated[tuple[Name, ...], Field(description="their names, in order")] | None = None
    region: Name


class MatlabDataset(Dataset):
    """Struct arrays of images and RDMs, as published beside papers (MATLAB 5 to 7.2)."""

    reader: Literal["matlab"]
    stimuli: MatlabStimuli
    recordings: MatlabRecordings
