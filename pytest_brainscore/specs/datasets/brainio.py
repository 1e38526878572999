"""Data in Brain-Score's own format: a netCDF assembly, a CSV of its stimuli, and a zip of their images."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..base import File, Id, Spec
from ..collection import Collection
from .ground import Bin, Dataset, Degrees, Name


class BrainioStimuli(Spec):
    """A table of stimuli and their images, in a zip or in a collection that the user has."""

    csv: Annotated[File, Field(description="a row per stimulus: stimulus_id (or image_id), filename, coords")]
    zip: Annotated[File, Field(description="the images, flat")] | None = None
    images: Annotated[Collection, Field(description="where the images may not be passed on")] | None = None
    visual_degrees: Degrees | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.zip is None) == (self.images is None):
            raise ValueError("give `zip` or `images`, one of the two")
        return self


class BrainioRecordings(Spec):
    """One DataArray: presentation x neuroid [x time_bin], choices by presentation, or RSMs by neuroid."""

    netcdf: File
    time_bins: (
        Annotated[
            tuple[Bin, ...],
            Field(min_length=1, description="start and end, ms: each the mean of the file's bins within it"),
        ]
        | None
    ) = None
    coords: Annotated[
        dict[Name, Name],
        Field(description="our name of a coord to the file's, such as {subject: animal}"),
    ] = Field(default_factory=dict)
    region: Annotated[Name, Field(description="of all neuroids, where the file names none")] | None = None
    subject: Annotated[Name, Field(description="of all neuroids, where the file names none")] | None = None


class BrainioPart(Spec):
    """Stimuli, and recordings of them, where there are any."""

    stimuli: BrainioStimuli
    recordings: BrainioRecordings | None = None


class BrainioDataset(Dataset):
    """Brain-Score's own files. With `parts`, several of them: the stimuli's coord `part` names theirs."""

    reader: Literal["brainio"]
    stimuli: BrainioStimuli | None = None
    recordings: BrainioRecordings | None = None
    parts: Annotated[
        dict[Id, BrainioPart],
        Field(description="name to stimuli and recordings, such as train and test"),
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_or_parts(self) -> Self:
        whole = self.stimuli is not None and self.recordings is not None
        if bool(self.parts) == (self.stimuli is not None or self.recordings is not None):
            raise ValueError("give `stimuli` and `recordings`, or `parts`")
        if not self.parts and not whole:
            raise ValueError("`stimuli` and `recordings` go together")
        if self.parts and not any(part.recordings for part in self.parts.values()):
            raise ValueError("no part has `recordings`")
        return self
