"""Contrast files: groups of networks by what is known of them, and the differences between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from ..errors import SpecError, nearest
from .base import Id, Spec
from .document import Document, Loc, read
from .models import About
from .validation import validate

Word = str | bool | int | float
Unit = Literal["networks", "released", "clustered", "subjects", "subject_bootstrap", "stimulus_bootstrap"]
WORDS = ("trained", "model", *About.model_fields)
"""What is said of networks; results may say more of theirs."""
_DIFFERENCE = re.compile(r"^(\S.*?) - (\S.*)$")


class OtherThan(Spec):
    """Anything that is known, but none of these."""

    other_than: Word | Annotated[tuple[Word, ...], Field(min_length=1)]


Condition = Word | Annotated[tuple[Word, ...], Field(min_length=1)] | OtherThan
Where = Annotated[
    dict[str, Condition],
    Field(description="word to its value, to several of which one holds, or to {other_than: ...}"),
]


class Contrast(Spec):
    """One entry of `contrasts:`. Networks of which a word is not known fulfil no condition on it."""

    id: Id
    title: Annotated[str, Field(description="what is compared, and what is the same on both sides")]
    reference: str | None = None
    where: Annotated[Where, Field(description="which networks take part")] = Field(default_factory=dict)
    by: Annotated[str, Field(description="the word whose values are the groups")] | None = None
    groups: Annotated[
        Annotated[dict[Id, Where], Field(min_length=1)] | Annotated[tuple[Word, ...], Field(min_length=1)],
        Field(description="name to condition; with `by` the values to take, in order (default: all)"),
    ] = ()
    against: Annotated[
        str | Annotated[tuple[str, ...], Field(min_length=1)],
        Field(description="differences, such as cnn - transformer; or one group: all others minus it"),
    ]
    pairs: (
        Annotated[str, Field(description="networks of two groups that share this word's value are a pair")]
        | None
    ) = None
    interval: Annotated[Unit, Field(description="what is taken to vary: the units of the interval")] = (
        "networks"
    )

    @field_validator("groups", mode="before")
    @classmethod
    def _not_empty(cls, groups: Any) -> Any:
        if groups in ((), {}):
            raise ValueError("names no group: leave it out, or name some")
        return groups

    @model_validator(mode="after")
    def _one_way_of_grouping(self) -> Self:
        if self.by is not None and isinstance(self.groups, dict):
            raise ValueError(
                "`by` makes groups of the values of a word: give `groups` as a list, or leave out `by`"
            )
        if self.by is None and not isinstance(self.groups, dict):
            raise ValueError("give `by: word`, or `groups: {name: {word: value}}`")
        return self

    @model_validator(mode="after")
    def _differences_of_its_groups(self) -> Self:
        if self.groups:
            self.differences(tuple(map(str, self.groups)))
        return self

    def differences(self, groups: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Pairs of groups, the second of which is taken from the first.

        Raises ValueError where `against` names what is none of `groups`.
        """
        written = (self.against,) if isinstance(self.against, str) else self.against
        single = written[0] if len(written) == 1 and not _DIFFERENCE.match(written[0]) else None
        if single is not None:
            _require(single, groups)
            return tuple((group, single) for group in groups if group != single)
        return tuple(_difference(text, groups) for text in written)


class ContrastFile(Spec):
    """A file of benchmarks/contrasts/."""

    contrasts: tuple[Contrast, ...] = Field(min_length=1)


def load_contrasts(path: Path) -> dict[str, Contrast]:
    """The contrasts of one file by id, in its order.

    Raises SpecError (file:line: field: message) where the file is wrong or two contrasts have one id.
    """
    document = read(path)
    found: dict[str, Contrast] = {}
    for i, contrast in enumerate(validate(ContrastFile, document).contrasts):
        if contrast.id in found:
            where = document.where(("contrasts", i, "id"))
            raise SpecError(f"{where}: id: {contrast.id} is already a contrast of this file")
        found[contrast.id] = contrast
    return found


def refuse_unknown(path: Path, known: Mapping[str, Collection[Word]]) -> None:
    """Raise SpecError, a line for each, where a file asks for a word, or for a text, that nothing has.

    known: words to the values that are said of any network.
    """
    document = read(path)
    lines = [
        line
        for i, contrast in enumerate(validate(ContrastFile, document).contrasts)
        for loc, word, values in _asked(contrast)
        for line in _unknown(document, ("contrasts", i, *loc), word, values, known)
    ]
    if lines:
        raise SpecError("\n".join(lines))


def values_of(condition: Condition) -> tuple[Word, ...]:
    """The values that a condition names."""
    named = condition.other_than if isinstance(condition, OtherThan) else condition
    return named if isinstance(named, tuple) else (named,)


def _asked(contrast: Contrast) -> Iterator[tuple[Loc, str, tuple[Word, ...]]]:
    """Each word that the contrast asks for: where it stands, and the values it is to have."""
    groups = contrast.groups
    for word, condition in contrast.where.items():
        yield ("where", word), word, values_of(condition)
    if isinstance(groups, dict):
        for name, where in groups.items():
            for word, condition in where.items():
                yield ("groups", name, word), word, values_of(condition)
    if contrast.by is not None:
        yield ("by",), contrast.by, groups if isinstance(groups, tuple) else ()
    if contrast.pairs is not None:
        yield ("pairs",), contrast.pairs, ()


def _unknown(
    document: Document,
    loc: Loc,
    word: str,
    values: Sequence[Word],
    known: Mapping[str, Collection[Word]],
) -> Iterator[str]:
    place = f"{document.where(loc)}: {'.'.join(map(str, loc))}"
    if word not in known:
        hint = nearest(word, known) or f" (words: {', '.join(sorted(known))})"
        yield f"{place}: of no network is said what its {word} is{hint}"
        return
    texts = sorted(value for value in known[word] if isinstance(value, str))
    for value in values:
        if isinstance(value, str) and value not in texts:
            hint = nearest(value, texts) or f" (there are {', '.join(texts[:10]) or 'none'})"
            yield f"{place}: no network has the {word} {value}{hint}"


def _difference(text: str, groups: Sequence[str]) -> tuple[str, str]:
    written = _DIFFERENCE.match(text)
    if written is None:
        raise ValueError(f"against: {text} is no difference: write `{groups[0]} - {groups[-1]}`")
    for name in written.groups():
        _require(name, groups)
    return written[1], written[2]


def _require(name: str, groups: Sequence[str]) -> None:
    if name not in groups:
        hint = nearest(name, groups) or f" (groups: {', '.join(groups)})"
        raise ValueError(f"against: no group {name}{hint}")
