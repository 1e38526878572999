"""Image collections with a label per image, such as the validation set of ImageNet."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from ..base import File, Spec
from ..collection import Collection
from .ground import Dataset, Degrees, Name


def _place(value: Any) -> str:
    named = isinstance(value, str | Collection) or (isinstance(value, dict) and "name" in value)
    return "a collection" if named else "a folder"


class CollectionStimuli(Spec):
    """Images in class folders, or in one folder with a table of labels."""

    images: Annotated[
        Annotated[Collection, Tag("a collection")] | Annotated[File, Tag("a folder")],
        Discriminator(_place),
        Field(description="a collection, or {file: a folder or an archive}"),
    ]
    every: (
        Annotated[int, Field(gt=0, description="take every n-th image by name only, from the first on")]
        | None
    ) = None
    visual_degrees: Degrees | None = None


class LabelTable(Spec):
    """What the images show, where they do not lie in class folders."""

    table: Annotated[File, Field(description="CSV or parquet, a row per image")]
    stimulus: Annotated[Name, Field(description="column that names the image: file name or stem")] = (
        "stimulus"
    )
    truth: Annotated[Name, Field(description="column that says what it shows")] = "truth"


class CollectionDataset(Dataset):
    """Images and what they show: by default, each class is a folder of that name (n01440764/x.JPEG)."""

    reader: Literal["collection"]
    stimuli: CollectionStimuli
    recordings: LabelTable | None = None
