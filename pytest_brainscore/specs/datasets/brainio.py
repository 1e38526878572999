"""Data in Brain-Score's own format: a netCDF assembly, a CSV of its stimuli, and a zip of their images."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

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


class TimeBins(Spec):
    """Equal time bins, side by side, in the unit of the file: ms, or s where it counts in those."""

    start: Annotated[float, Field(description="where the first one starts")] = 0.0
    width: Annotated[float, Field(gt=0)]
    stop: (
        Annotated[
            float,
            Field(
                description="where the last one ends; default: before the file ends, and a bin that would"
                " end with it is left out"
            ),
        ]
        | None
    ) = None


def _listed(value: Any) -> str:
    return "equal" if isinstance(value, dict | TimeBins) else "list"


class BrainioRecordings(Spec):
    """One DataArray: presentation x neuroid [x time_bin], choices by presentation, or RSMs by neuroid."""

    netcdf: File
    time_bins: (
        Annotated[
            Annotated[tuple[Bin, ...], Field(min_length=1), Tag("list")] | Annotated[TimeBins, Tag("equal")],
            Discriminator(_listed),
            Field(
                description="start and end, ms: the file's own such bin, or the mean of those it overlaps,"
                " weighted by how long"
            ),
        ]
        | None
    ) = None
    flatten: (
        Annotated[
            Literal["time_bins"],
            Field(description="each neuroid in each time bin is a neuroid of its own"),
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
