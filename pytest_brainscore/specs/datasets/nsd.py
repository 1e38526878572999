"""The Natural Scenes Dataset, as `python -m pytest_brainscore prepare nsd` made it ready."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..base import Spec
from ..collection import Collection
from .ground import Dataset, Degrees, Name

Subject = Annotated[int, Field(ge=1, le=8)]


class NsdStimuli(Spec):
    """The images of NSD that every subject saw: `shared1000`, in the order of their numbers."""

    set: Literal["shared1000"] = "shared1000"
    visual_degrees: Degrees = 8.4


class NsdRecordings(Spec):
    """Voxels of `func1pt8mm`: betas z-scored in each session, every repetition of the shared images."""

    subjects: Annotated[tuple[Subject, ...], Field(min_length=1)] = (1, 2, 5, 7)
    betas: Annotated[Name, Field(description="folder of the betas of a subject")] = (
        "betas_fithrf_GLMdenoise_RR"
    )


class NsdDataset(Dataset):
    """NSD on this machine: every user downloads it under its terms, and prepares it once."""

    reader: Literal["nsd"]
    folder: Annotated[
        Collection, Field(description="where the files lie that `prepare nsd` wrote: BRAINSCORE_NSD_PREPARED")
    ] = Collection(name="nsd_prepared", source="https://naturalscenesdataset.org; docs/nsd.md")
    stimuli: NsdStimuli = NsdStimuli()
    recordings: NsdRecordings = NsdRecordings()
