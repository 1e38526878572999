"""RDMs in files of their own: gzipped JSON `{data, shape}`, npy or npz."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..base import File, Spec
from .ground import Dataset, Degrees, Files, Name


class RdmStimuli(Spec):
    """Images in files, in the order of their names or of the list: that of the RDMs' rows."""

    images: Annotated[Files, Field(description="a folder, a zip or tar archive, or a list of image files")]
    visual_degrees: Degrees | None = None


class RdmRecordings(Spec):
    """A file of RDMs for each region: (subject, [time,] stimulus, stimulus), squares or upper triangles."""

    files: Annotated[dict[Name, File], Field(min_length=1, description="region to its file")]
    subjects: Annotated[tuple[Name, ...], Field(description="their names, in order")] | None = None


class RdmsDataset(Dataset):
    """RDMs as toolboxes pass them on."""

    reader: Literal["rdms"]
    stimuli: RdmStimuli
    recordings: RdmRecordings
