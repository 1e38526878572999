"""Named things: files that list some under one key, each with an id of its own, and folders of such files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from ..errors import SpecError
from .document import Document


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """Its name in the file."""


Thing = TypeVar("Thing", bound=Named)


def by_id(listed: Sequence[Thing], document: Document, key: str, what: str) -> dict[str, Thing]:
    """What `key` of a document lists, by id, in its order. Raises SpecError where two have one id."""
    found: dict[str, Thing] = {}
    for i, thing in enumerate(listed):
        if thing.id in found:
            where = document.where((key, i, "id"))
            raise SpecError(f"{where}: id: {thing.id} is already a {what} of this file")
        found[thing.id] = thing
    return found


def files_of(folder: Path) -> list[Path]:
    """The YAML files of a folder, by name."""
    return sorted(folder.glob("*.y*ml"))


def of_folder(folder: Path, load: Callable[[Path], dict[str, Thing]], what: str) -> dict[str, Thing]:
    """What all files of a folder list, by id. Raises SpecError where two files have one id."""
    found: dict[str, Thing] = {}
    for path in files_of(folder):
        for id, thing in load(path).items():
            if id in found:
                raise SpecError(f"{path}: the {what} {id} is also in another file of this folder")
            found[id] = thing
    return found
