"""Images in files and responses in one array: data of one's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..base import File, Spec
from .ground import Bin, Dataset, Degrees, Files, Name

Dim = Literal["presentation", "stimulus", "repetition", "neuroid", "time_bin"]


class ArrayStimuli(Spec):
    """Images in files, in the order of their names (image2 before image10) or of the list."""

    images: Annotated[Files, Field(description="a folder, a zip or tar archive, or a list of image files")]
    table: (
        Annotated[
            File,
            Field(
                description="CSV or parquet with a column `stimulus` (file name or stem); others are coords"
            ),
        ]
        | None
    ) = None
    visual_degrees: Degrees | None = None


class Columns(Spec):
    """Which columns of a CSV or parquet file say what; a row is a presentation."""

    stimulus: Annotated[Name, Field(description="names the image: file name or stem")] = "stimulus"
    repetition: Annotated[Name, Field(description="counts the showings; counted in order where absent")] = (
        "repetition"
    )
    neuroids: Annotated[
        tuple[Name, ...],
        Field(
            min_length=1, description="columns of responses, names or patterns such as unit_*; default: all"
        ),
    ] = ("*",)


class ArrayRecordings(Spec):
    """Responses as one array or table: npy, npz, HDF5, netCDF, MATLAB (v5), CSV or parquet."""

    file: Annotated[File, Field(description="the responses")]
    key: Annotated[Name, Field(description="which array of an npz, HDF5, netCDF or MATLAB file")] | None = (
        None
    )
    dims: (
        Annotated[
            tuple[Dim, ...],
            Field(min_length=2, description="what each axis is, for instance [neuroid, stimulus]"),
        ]
        | None
    ) = None
    columns: Annotated[Columns, Field(description="of a CSV or parquet file")] = Columns()
    region: Annotated[Name, Field(description="of all neuroids")] | None = None
    subject: Annotated[Name, Field(description="of all neuroids")] | None = None
    neuroids: (
        Annotated[
            File, Field(description="CSV or parquet, a row per neuroid: `neuroid`, `region`, `subject`, ...")
        ]
        | None
    ) = None
    presentations: (
        Annotated[
            File, Field(description="CSV or parquet, a row per presentation: `stimulus`, `repetition`, ...")
        ]
        | None
    ) = None
    time_bins: Annotated[tuple[Bin, ...], Field(description="start and end of each time bin, ms")] | None = (
        None
    )


class ArraysDataset(Dataset):
    """Images in files and responses in one array: the reader for data of one's own."""

    reader: Literal["arrays"]
    stimuli: ArrayStimuli
    recordings: ArrayRecordings
