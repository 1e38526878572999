"""What a benchmark file says of its data: which stimuli were shown, and where the recordings lie."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from .base import DOTTED, DOTTED_TAG, File, Id, Spec, digest_of, tagged_by
from .models import Scalar
from .simulated import SimulatedChoices, SimulatedResponses, SimulatedStimuli

Name = Annotated[str, Field(min_length=1)]
Degrees = Annotated[float, Field(gt=0, description="width of the images on the subject's screen")]
Bin = tuple[float, float]
Dim = Literal["presentation", "stimulus", "repetition", "neuroid", "time_bin"]

_PROSE = {"title", "reference", "species", "modality", "licence", "access"}
_PLACE = {"url", "file", "sha256", "sha1", "md5", "bytes"}


def _number_of_files(value: Any) -> str:
    return "list" if isinstance(value, tuple | list) else "one"


Files = Annotated[
    Annotated[File, Tag("one")] | Annotated[tuple[File, ...], Field(min_length=1), Tag("list")],
    Discriminator(_number_of_files),
]


class Dataset(Spec):
    """The ground of all data sets: what they are called, where they come from, who may have them."""

    id: Annotated[Id, Field(description="key of the results, for instance Cowley2023")]
    title: Annotated[str, Field(description="what was recorded, in a line")] = ""
    reference: Annotated[str, Field(description="the publication, as doi:... or a URL")] | None = None
    species: Annotated[str, Field(description="human, macaque, mouse, ...")] | None = None
    modality: Annotated[str, Field(description="electrophysiology, fmri, meg, behaviour, ...")] | None = None
    licence: Annotated[str, Field(description="the terms of the data")] | None = None
    access: Annotated[
        Literal["public", "on_request", "private"], Field(description="who can have the files")
    ] = "public"

    def contents(self) -> str:
        """Sha256 of how the data are read, without prose, places of files and what is unset."""
        return digest_of(_without_places(self.model_dump(mode="json", exclude=_PROSE, exclude_none=True)))


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


class SimulatedDataset(Dataset):
    """A brain that the program simulates from a seed: nothing is fetched, and the truth is known."""

    reader: Literal["simulated"]
    stimuli: SimulatedStimuli = SimulatedStimuli()
    recordings: Annotated[SimulatedResponses | SimulatedChoices, Discriminator("kind")]

    @model_validator(mode="after")
    def _fits_in_memory(self) -> Self:
        for size in (*self.stimuli.sizes(), self.recordings.size(self.stimuli)):
            size.require()
        return self


class CustomDataset(Dataset):
    """A reader of the user's own: any callable ``read(dataset, fetch, cache) -> Recordings``."""

    reader: Annotated[str, Field(pattern=DOTTED)]
    stimuli: Annotated[dict[str, Any], Field(description="what the reader wants to know")] = Field(
        default_factory=dict
    )
    recordings: Annotated[dict[str, Any], Field(description="what the reader wants to know")] = Field(
        default_factory=dict
    )


AnyDataset = Annotated[
    Annotated[ArraysDataset, Tag("arrays")]
    | Annotated[MatlabDataset, Tag("matlab")]
    | Annotated[SimulatedDataset, Tag("simulated")]
    | Annotated[CustomDataset, Tag(DOTTED_TAG)],
    Discriminator(tagged_by("reader")),
]


def _without_places(value: Any) -> Any:
    """The value without what only says where a file lies; its content is digested on its own."""
    if isinstance(value, dict):
        kept = {k: _without_places(v) for k, v in value.items() if not (k in _PLACE and _is_leaf(v))}
        return kept
    return [_without_places(v) for v in value] if isinstance(value, list | tuple) else value


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, dict | list | tuple)
