"""The zoo: the models that models.yaml files name, and their sets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SpecError, nearest
from .catalogue import catalogue
from .document import Document, read
from .models import Model
from .validation import validate

SETS = "sets"
FILE = "models.yaml"


@dataclass(frozen=True)
class Zoo:
    """Models and sets of models by name; `folders` says where each model's relative paths start.

    without: the projects that it is for, where none of them has a models.yaml.
    """

    models: Mapping[str, Model] = field(default_factory=dict)
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folders: Mapping[str, Path] = field(default_factory=dict)
    without: tuple[Path, ...] = ()

    def extended(self, other: Zoo) -> Zoo:
        """This zoo and the other; where both name a model or a set, the other's stands."""
        return Zoo(
            {**self.models, **other.models}, {**self.sets, **other.sets}, {**self.folders, **other.folders}
        )


def load_zoo(path: Path, others: Collection[str] = ()) -> Zoo:
    """The zoo of one models.yaml; its sets may also name `others`, and networks of torchvision and timm.

    Raises SpecError (file:line: field: message).
    """
    document = read(path)
    entries = document.value or {}
    if not isinstance(entries, dict):
        raise SpecError(f"{path}:1: a models file maps the name of each model to what is known of it")
    models = {name: _model(document, name) for name in entries if name != SETS}
    return Zoo(models, _sets(document, others), dict.fromkeys(models, path.parent))


def place(model: str, key: str, folder: Path) -> str:
    """Where `folder`'s models.yaml has a key of a model, ``models.yaml:7: my_net.weights: ``; else nothing.

    Read anew: only an error asks for it.
    """
    path = folder / FILE
    with suppress(SpecError):
        document = read(path)
        if document.existing((model, key)) == (model, key):
            return f"{path.name}:{document.line((model, key))}: {model}.{key}: "
    return ""


def place_of(model: str, folder: Path) -> str:
    """Where `folder`'s models.yaml begins to say what a model is, ``models.yaml:6``; else its name alone."""
    path = folder / FILE
    with suppress(SpecError):
        document = read(path)
        if document.existing((model,)):
            return f"{path.name}:{document.line((model,))}"
    return FILE


def _model(document: Document, name: str) -> Model:
    entry = document.value[name]
    if not isinstance(name, str):
        read_as = type(name).__name__
        raise SpecError(
            f"{document.where((name,))}: {name}: YAML reads this name as {read_as}: put it in quotes"
        )
    if not re.fullmatch(r"[A-Za-z0-9_.]+", name):
        raise SpecError(
            f"{document.where((name,))}: {name}: a model's name is made of letters, digits, '_' and '.'"
        )
    if not isinstance(entry, dict):
        raise SpecError(
            f"{document.where((name,))}: {name}: a model is a name with a mapping: source, weights, ..."
        )
    if "source" not in entry and nearest(name, [SETS]):
        raise SpecError(f"{document.where((name,))}: {name}: a model needs `source`; did you mean {SETS}?")
    if "id" in entry:
        raise SpecError(f"{document.where((name, 'id'))}: {name}.id: the name of the entry is the model's id")
    return validate(Model, document, {"id": name, **entry}, (name,))


def _sets(document: Document, others: Collection[str]) -> dict[str, tuple[str, ...]]:
    sets = (document.value or {}).get(SETS) or {}
    if not isinstance(sets, dict):
        raise SpecError(f"{document.where((SETS,))}: sets: a mapping of a name to a list of models")
    for name, members in sets.items():
        where = document.where((SETS, name))
        if name in document.value:
            raise SpecError(f"{where}: sets.{name}: a model has this name already")
        if not isinstance(members, tuple) or not all(isinstance(member, str) for member in members):
            raise SpecError(f"{where}: sets.{name}: a list of names of models")
        for member in members:
            if not (member in document.value or member in others or _is_elsewhere(member)):
                is_set = member.startswith("@") or member in sets
                hint = ": a set holds no sets" if is_set else nearest(member, [*document.value, *others])
                raise SpecError(f"{where}: sets.{name}: no model {member} here{hint}")
    return dict(sets)


def _is_elsewhere(member: str) -> bool:
    """Whether it is a glob, a factory, a twin, or a network of a library; `name.tag` names its weights."""
    return any(c in member for c in ":*?[") or any(
        member.split(".")[0] in names for names in catalogue().values()
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a models.yaml: names to entries, which have no `id` of their own."""
    entry = Model.model_json_schema(ref_template="#/$defs/{model}")
    definitions = entry.pop("$defs", {})
    entry["properties"].pop("id")
    entry["required"] = [name for name in entry["required"] if name != "id"]
    sets = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    return {
        "title": "models.yaml",
        "type": "object",
        "properties": {SETS: sets},
        "additionalProperties": {"$ref": "#/$defs/Model"},
        "$defs": {**definitions, "Model": entry},
    }
