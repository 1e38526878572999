"""Namesakes: what a study calls its networks, what we call them, and what a user needs for the others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from .base import Id, ModelId, Spec
from .document import read
from .validation import validate

FOLDER = Path(__file__).parents[1] / "references" / "namesakes"
TRAINED, TWIN = "_classification", "_random"


class Need(Spec):
    """Networks that neither torchvision nor timm has, and what one of them takes."""

    what: Annotated[str, Field(description="what they are")]
    factory: Annotated[str, Field(description="what builds one")]
    checkpoint: Annotated[str, Field(description="where the weights are had")]
    licence: str
    why: Annotated[str, Field(description="why they are not in models.yaml")]
    models: Annotated[tuple[str, ...], Field(min_length=1, description="the study's names")]


class Namesakes(Spec):
    """The names of one study."""

    study: Id
    models: Annotated[dict[str, ModelId], Field(description="the study's name to ours")]
    needs: dict[Id, Need] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        theirs = [*self.models, *(name for need in self.needs.values() for name in need.models)]
        for kind, names in (("name", theirs), ("id", list(self.models.values()))):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"the {kind} {twice[0]} is there twice")
        return self

    def ours(self, name: str) -> str | None:
        """What to ask for by ``--models``: our id, or `untrained:` and that of the twin; None without one."""
        twin = self.models.get(f"{name.removesuffix(TWIN)}{TRAINED}") if name.endswith(TWIN) else None
        return self.models.get(name) or (f"untrained:{twin}" if twin else None)

    def lacking(self, names: Iterable[str]) -> tuple[str, ...]:
        """Of a study's names those that are neither ours nor among the needs."""
        needed = {name for need in self.needs.values() for name in need.models}
        return tuple(name for name in names if self.ours(name) is None and name not in needed)


def load_namesakes(study: str) -> Namesakes:
    """The shipped names of a study. Raises SpecError (file:line: field: message) where they are wrong."""
    return validate(Namesakes, read(FOLDER / f"{study}.yaml"))
