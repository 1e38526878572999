"""Obtained: where the collections lie that users have from their makers."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import FetchError, NotHere
from ..specs.collection import Collection


def folder_of(collection: Collection) -> Path:
    """The folder that the collection's variable names.

    Raises NotHere where the variable is not set, FetchError where what it names is no folder.
    """
    named = os.environ.get(collection.variable, "").strip()
    if not named:
        source = f" ({collection.source})" if collection.source else ""
        raise NotHere(
            f"{collection.name}: these images may not be passed on; get them from their makers{source}, and"
            f" set {collection.variable} to their folder"
        )
    folder = Path(named).expanduser().absolute()
    if not folder.is_dir():
        raise FetchError(
            f"{collection.variable}: {folder} is no folder; set it to the folder of the images of"
            f" {collection.name}"
        )
    return folder
