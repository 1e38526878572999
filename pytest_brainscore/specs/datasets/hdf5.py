"""One HDF5 file with both images and responses, in parts such as train and validation: NX-414's layout."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from ..base import File, Spec
from ..collection import Collection
from .ground import Dataset, Degrees, Name


class InCollection(Spec):
    """A file in a folder that users get from its makers; ``BRAINSCORE_<NAME>`` says where it lies."""

    collection: Collection
    path: Annotated[Name, Field(description="of the file, within that folder")]


def _place(value: Any) -> str:
    within = isinstance(value, InCollection) or (isinstance(value, dict) and "collection" in value)
    return "in a collection" if within else "a file"


class Hdf5Part(Spec):
    """The arrays of one part."""

    stimuli: Annotated[Name, Field(description="images: (n, 3, h, w) or (n, h, w, 3), uint8 or normalised")]
    responses: (
        Annotated[
            Name,
            Field(description="(n, neuroids), or (n, repetitions, neuroids); none: images without responses"),
        ]
        | None
    ) = None
    coords: Annotated[
        dict[Name, Name], Field(description="coord of the stimuli to its array, such as object_name")
    ] = Field(default_factory=dict)


class Hdf5Stimuli(Spec):
    """How the images of the file are read."""

    mean: Annotated[
        tuple[float, float, float], Field(description="what was subtracted from images that are normalised")
    ] = (0.485, 0.456, 0.406)
    std: Annotated[tuple[float, float, float], Field(description="what they were divided by")] = (
        0.229,
        0.224,
        0.225,
    )
    visual_degrees: Degrees | None = None


class Hdf5Recordings(Spec):
    """The file, and which of its arrays are what."""

    file: Annotated[
        Annotated[File, Tag("a file")] | Annotated[InCollection, Tag("in a collection")],
        Discriminator(_place),
        Field(description="the file, or {collection: ..., path: ...}"),
    ]
    parts: Annotated[
        dict[Name, Hdf5Part],
        Field(min_length=1, description="the stimuli's coord `part` (train, test, ...) to its arrays"),
    ]
    region: Name
    subject: Name | None = None


class Hdf5Dataset(Dataset):
    """Images and responses in one HDF5 file."""

    shows = Dataset.shows | {"recordings"}

    reader: Literal["hdf5"]
    stimuli: Hdf5Stimuli = Hdf5Stimuli()
    recordings: Hdf5Recordings
