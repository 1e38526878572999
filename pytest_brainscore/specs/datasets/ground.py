"""The ground of all data sets: what they are called, where they come from, who may have them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from ..base import File, Id, Spec, digest_of

Name = Annotated[str, Field(min_length=1)]
Degrees = Annotated[float, Field(gt=0, description="width of the images on the subject's screen")]
Bin = tuple[float, float]
Access = Literal["public", "unclear", "on_request", "private"]

_PROSE = {"title", "reference", "citation", "species", "modality", "licence", "access"}
_PLACE = {"url", "file", "sha256", "sha1", "md5", "bytes"}


def _number_of_files(value: Any) -> str:
    return "list" if isinstance(value, tuple | list) else "one"


Files = Annotated[
    Annotated[File, Tag("one")] | Annotated[tuple[File, ...], Field(min_length=1), Tag("list")],
    Discriminator(_number_of_files),
]


class Dataset(Spec):
    """The ground of all data sets: what they are called, where they come from, who may have them.

    `shows`: the keys that say which stimuli there are.
    """

    shows: ClassVar[set[str]] = {"reader", "stimuli", "parts"}

    id: Annotated[Id, Field(description="key of the results, for instance Cowley2023")]
    title: Annotated[str, Field(description="what was recorded, in a line")] = ""
    reference: Annotated[str, Field(description="the publication, as doi:... or a URL")] | None = None
    citation: Annotated[str, Field(description="what to cite: authors, year, title, journal")] | None = None
    species: Annotated[str, Field(description="human, macaque, mouse, ...")] | None = None
    modality: Annotated[str, Field(description="electrophysiology, fmri, meg, behaviour, ...")] | None = None
    licence: Annotated[str, Field(description="the terms of the data")] | None = None
    access: Annotated[Access, Field(description="who can have the files")] = "public"

    def contents(self) -> str:
        """Sha256 of how the data are read, without prose, places of files and what is unset."""
        return digest_of(without_places(self.model_dump(mode="json", exclude=_PROSE, exclude_none=True)))


def without_places(value: Any) -> Any:
    """The value without what only says where a file lies; its content is digested on its own."""
    if isinstance(value, dict):
        kept = {k: without_places(v) for k, v in value.items() if not (k in _PLACE and _is_leaf(v))}
        return kept
    return [without_places(v) for v in value] if isinstance(value, list | tuple) else value


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, dict | list | tuple)
