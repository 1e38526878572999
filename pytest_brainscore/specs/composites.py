"""Composite files: one figure made of many benchmarks, as a tree of means."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from ..errors import SpecError, nearest
from .base import Id, Spec
from .document import Document, Loc, read
from .named import by_id
from .validation import validate

Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_.*?-]+$",
        description="a benchmark's full name, such as MajajHong2015.public.IT-pls, or a pattern with * and ?",
    ),
]


class FirstOf(Spec):
    """One part: of these benchmarks the first that was scored, for any model; the others can stand in."""

    first: Annotated[tuple[Id, ...], Field(min_length=2)]


def _form(value: Any) -> str:
    """Which form a part is written in."""
    if isinstance(value, str):
        return "name"
    return "first" if isinstance(value, FirstOf) or (isinstance(value, dict) and "first" in value) else "node"


class Node(Spec):
    """One part: the mean of its own parts, such as those of a region."""

    id: Id
    title: str | None = None
    mean: Annotated[tuple[Part, ...], Field(min_length=1)]


Part = Annotated[
    Annotated[Name, Tag("name")] | Annotated[FirstOf, Tag("first")] | Annotated[Node, Tag("node")],
    Discriminator(_form),
]


class Composite(Spec):
    """One entry of `composites:`. Every part of a mean weighs the same."""

    id: Id
    title: Annotated[str, Field(description="what it is, and what a reader of the number should know")]
    reference: str | None = None
    of: Annotated[Literal["raw", "ceiled"], Field(description="which score of the benchmarks is averaged")]
    mean: Annotated[tuple[Part, ...], Field(min_length=1)]
    per: Annotated[Literal["species"], Field(description="a tree for each species of the data")] | None = None
    missing: (
        Annotated[
            Literal["skip", "zero"],
            Field(
                description="without it, a composite that lacks a part has no value; skip: the mean of what"
                " is there; zero: what is not there counts as 0. Both are marked"
            ),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _nodes_once(self) -> Self:
        seen: set[str] = set()
        for node in _nodes(self.mean):
            if node.id in seen:
                raise ValueError(f"two means are called {node.id}: give one of them another id")
            seen.add(node.id)
        return self

    @property
    def names(self) -> frozenset[str]:
        """All names and patterns of the tree."""
        return frozenset(_names(self.mean))


class CompositeFile(Spec):
    """A file of benchmarks/composites/."""

    composites: tuple[Composite, ...] = Field(min_length=1)


def is_pattern(name: str) -> bool:
    """Whether it is to match names, and is none itself."""
    return bool(re.search(r"[*?]", name))


def load_composites(path: Path) -> dict[str, Composite]:
    """The composites of one file by id, in its order.

    Raises SpecError (file:line: field: message) where the file is wrong or two composites have one id.
    """
    document = read(path)
    return by_id(validate(CompositeFile, document).composites, document, "composites", "composite")


def refuse_unknown(path: Path, known: Collection[str]) -> None:
    """Raise SpecError, a line for each, where a composite names what is none of the `known` benchmarks."""
    document = read(path)
    parts = [
        part
        for i, composite in enumerate(validate(CompositeFile, document).composites)
        for part in _placed(composite.mean, ("composites", i, "mean"))
    ]
    lines = [_unknown(document, loc, name, known) for loc, name in parts if not matching(name, known)]
    if lines:
        raise SpecError("\n".join(lines))


def matching(name: str, known: Collection[str]) -> list[str]:
    """The benchmarks that a name or pattern stands for."""
    if is_pattern(name):
        return [one for one in known if fnmatchcase(one, name)]
    return [name] if name in known else []


def _unknown(document: Document, loc: Loc, name: str, known: Collection[str]) -> str:
    said = "no benchmark has such a name" if is_pattern(name) else "no such benchmark"
    hint = nearest(name, known) or " (`python -m pytest_brainscore list benchmarks` shows them)"
    return f"{document.where(loc)}: {'.'.join(map(str, loc))}: {said}: {name}{hint}"


def _placed(parts: tuple[Part, ...], at: Loc) -> Iterator[tuple[Loc, str]]:
    """All names and patterns, with their places in the file."""
    for i, part in enumerate(parts):
        if isinstance(part, Node):
            yield from _placed(part.mean, (*at, i, "mean"))
        elif isinstance(part, FirstOf):
            yield from (((*at, i, "first", j), name) for j, name in enumerate(part.first))
        else:
            yield (*at, i), part


def _nodes(parts: tuple[Part, ...]) -> Iterator[Node]:
    for part in parts:
        if isinstance(part, Node):
            yield part
            yield from _nodes(part.mean)


def _names(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Node):
            yield from _names(part.mean)
        else:
            yield from part.first if isinstance(part, FirstOf) else (part,)
