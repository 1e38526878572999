"""Choices of subjects in CSV files, a row per trial, as model-vs-human publishes them."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from ..base import Spec
from ..expressions import refuse_costly
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
            Field(
                description="regular expression: its group `image` names the image in the column stimulus,"
                " and in names of files where it matches them; such as _(?P<image>[^_]+)$;"
                " it repeats no group, and has at most 3 of * + ? {m,n} and |"
            ),
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

    @field_validator("image")
    @classmethod
    def _names_an_image(cls, image: str | None) -> str | None:
        if image is None:
            return None
        try:
            groups = re.compile(image).groupindex
        except re.error as why:
            raise ValueError(f"is no regular expression ({why})") from why
        if "image" not in groups:
            raise ValueError("the expression has no group `image`: write (?P<image>...) around the name")
        refuse_costly(image)
        return image

    @model_validator(mode="after")
    def _subjects_in_a_column(self) -> Self:
        if self.subjects is not None and self.columns.subject is None:
            raise ValueError("`subjects` selects by the column `subject`, and there is none")
        return self


class TrialsDataset(Dataset):
    """Images in files and choices in tables."""

    reader: Literal["trials"]
    stimuli: ArrayStimuli
    recordings: TrialRecordings
