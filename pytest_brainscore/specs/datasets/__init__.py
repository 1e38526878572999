"""What a benchmark file says of its data: which stimuli were shown, and where the recordings lie."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from ..base import DOTTED, DOTTED_TAG, tagged_by
from ..simulated import SimulatedChoices, SimulatedResponses, SimulatedStimuli
from .arrays import ArrayRecordings, ArraysDataset, ArrayStimuli, Columns, Dim
from .brainio import BrainioDataset
from .collection import CollectionDataset, LabelTable
from .ground import Access, Bin, Dataset, Degrees, Files, Name
from .hdf5 import Hdf5Dataset
from .matlab import MatlabDataset, MatlabRecordings, MatlabStimuli
from .nsd import NsdDataset
from .rdms import RdmsDataset
from .trials import TrialsDataset
from .voxels import VoxelsDataset

__all__ = [
    "Access",
    "AnyDataset",
    "ArrayRecordings",
    "ArrayStimuli",
    "ArraysDataset",
    "Bin",
    "BrainioDataset",
    "CollectionDataset",
    "Columns",
    "CustomDataset",
    "Dataset",
    "Degrees",
    "Dim",
    "Files",
    "Hdf5Dataset",
    "LabelTable",
    "MatlabDataset",
    "MatlabRecordings",
    "MatlabStimuli",
    "Name",
    "NsdDataset",
    "RdmsDataset",
    "SimulatedChoices",
    "SimulatedDataset",
    "SimulatedResponses",
    "SimulatedStimuli",
    "TrialsDataset",
    "VoxelsDataset",
]


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
    | Annotated[BrainioDataset, Tag("brainio")]
    | Annotated[TrialsDataset, Tag("trials")]
    | Annotated[CollectionDataset, Tag("collection")]
    | Annotated[NsdDataset, Tag("nsd")]
    | Annotated[VoxelsDataset, Tag("voxel_betas")]
    | Annotated[RdmsDataset, Tag("rdms")]
    | Annotated[Hdf5Dataset, Tag("hdf5")]
    | Annotated[SimulatedDataset, Tag("simulated")]
    | Annotated[CustomDataset, Tag(DOTTED_TAG)],
    Discriminator(tagged_by("reader")),
]
