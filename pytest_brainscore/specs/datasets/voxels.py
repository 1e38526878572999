"""Tables of voxels: the release of Conwell et al. 2024, and whatever is laid out like it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..base import File, Spec
from .ground import Dataset, Degrees, Files, Name


class VoxelStimuli(Spec):
    """Images in files, and the table that lists them in the order of the responses' columns."""

    images: Annotated[Files, Field(description="a folder, a zip or tar archive, or a list of image files")]
    table: Annotated[File, Field(description="CSV or parquet with `image_name`; other columns are coords")]
    visual_degrees: Degrees | None = None


class VoxelRecordings(Spec):
    """Mean responses by voxel and image, and what is known of each voxel."""

    betas: Annotated[File, Field(description="CSV or parquet: a row per voxel_id, a column per image")]
    metadata: Annotated[
        File, Field(description="CSV or parquet: voxel_id, subj_id, ncsnr; columns of 0 and 1 are regions")
    ]
    repetitions: (
        Annotated[
            int,
            Field(gt=0, description="how many showings a response is the mean of: noise ceilings need it"),
        ]
        | None
    ) = None
    subject: Annotated[Name, Field(description="column of the metadata that names the subject")] = "subj_id"


class VoxelsDataset(Dataset):
    """Voxels in tables, with ids such as S1-12-21-47."""

    reader: Literal["voxel_betas"]
    stimuli: VoxelStimuli
    recordings: VoxelRecordings
