"""Choices of subjects in CSV files, a row per trial, as model-vs-human publishes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..base import Spec
from .arrays import ArrayStimuli
from .ground import Dataset, Files, Name


class TrialColumns(Spec):
    """Which columns say what."""

    stimulus: Annotated[Name, Field(description="names the image")] = "imagename"
    subject: Name | None = "subj"
    condition: Name | None = "condition"
    truth: Annotated[Name, Field(description="the object that the image shows")] = "category"
    choice: Annotated[Name, Field(description="the object that was chosen")] = "object_response"
    distractor: Annotated[Name, Field(description="the other alternative of two")] | None = None


class TrialRecordings(Spec):
    """Tables of trials."""

    tables: Annotated[Files, Field(description="CSV files, a folder or an archive of them")]
    columns: TrialColumns = TrialColumns()
    image: (
        Annotated[
            str,
            Field(description="regular expression: its group `image` names the image in the column stimulus"),
        ]
        | None
    ) = None
    subjects: (
        Annotated[
            tuple[Name, ...],
            Field(min_length=1, description="names or patterns such as subject-*; the others are left out"),
        ]
        | None
    ) = None


class TrialsDataset(Dataset):
    """Images in files and choices in tables."""

    reader: Literal["trials"]
    stimuli: ArrayStimuli
    recordings: TrialRecordings
