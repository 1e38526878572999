"""Contrast files: groups of networks by what is known of them, and the differences between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ..errors import SpecError, nearest
from .base import Id, Spec
from .document import Document, Loc, read
from .models import About
from .named import by_id
from .validation import validate

Word = str | bool | int | float
Unit = Literal[
    "networks", "welch", "released", "clustered", "subjects", "subject_bootstrap", "stimulus_bootstrap"
]
WORDS = ("trained", "model", *About.model_fields)
"""What is said of networks; results may say more of theirs."""
_AGAINST: Loc = ("against",)
_SHOWN = 10
_DIFFERENCE = re.compile(r"^(\S.*?) - (\S.*)$")


class OtherThan(Spec):
    """Anything that is known, but none of these."""

    other_than: Word | Annotated[tuple[Word, ...], Field(min_length=1)]


Condition = Word | Annotated[tuple[Word, ...], Field(min_length=1)] | OtherThan
Against = str | Annotated[tuple[str, ...], Field(min_length=1)]
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
        Against,
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

    @field_validator("against")
    @classmethod
    def _of_its_groups(cls, against: Against, info: ValidationInfo) -> Against:
        if groups := info.data.get("groups"):
            _differences(against, tuple(map(named, groups)))
        else:
            _compared(against)
        return against

    @model_validator(mode="after")
    def _one_way_of_grouping(self) -> Self:
        if self.by is not None and isinstance(self.groups, dict):
            raise ValueError(
                "`by` makes groups of the values of a word: give `groups` as a list, or leave out `by`"
            )
        if self.by is None and not isinstance(self.groups, dict):
            raise ValueError("give `by: word`, or `groups: {name: {word: value}}`")
        return self

    @property
    def compared(self) -> tuple[str, ...]:
        """The groups that `against` names."""
        return _compared(self.against)

    def differences(self, groups: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Pairs of groups, the second of which is taken from the first.

        Raises ValueError where `against` names what is none of `groups`.
        """
        return _differences(self.against, groups)


class ContrastFile(Spec):
    """A file of benchmarks/contrasts/."""

    contrasts: tuple[Contrast, ...] = Field(min_length=1)


def load_contrasts(path: Path) -> dict[str, Contrast]:
    """The contrasts of one file by id, in its order.

    Raises SpecError (file:line: field: message) where the file is wrong or two contrasts have one id.
    """
    document = read(path)
    return by_id(validate(ContrastFile, document).contrasts, document, "contrasts", "contrast")


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


def named(value: Word) -> str:
    """The name of the group whose networks have this value, as YAML has it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


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
        if not groups:
            yield _AGAINST, contrast.by, contrast.compared
    if contrast.pairs is not None:
        yield ("pairs",), contrast.pairs, ()


def _unknown(
    document: Document,
    loc: Loc,
    word: str,
    values: Sequence[Word],
    known: Mapping[str, Collection[Word]],
) -> Iterator[str]:
    place, names = f"{document.where(loc)}: {'.'.join(map(str, loc))}", loc[2:] == _AGAINST
    if word not in known:
        hint = nearest(word, known) or f" (words: {', '.join(sorted(known))})"
        if not names:
            yield f"{place}: of no network is said what its {word} is{hint}"
        return
    texts = sorted({named(value) for value in known[word] if names or isinstance(value, str)})
    for value in values:
        if isinstance(value, str) and value not in texts:
            yield f"{place}: {_not_had(word, value, texts, {type(one) for one in known[word]})}"


def _not_had(word: str, value: str, texts: Sequence[str], kinds: Collection[type]) -> str:
    if kinds == {bool}:
        return f"{word} is true or false, not {value!r}"
    if kinds and not texts:
        return f"{word} is a number, not {value!r}"
    shown = [_quoted(text) for text in texts]
    listed = ", ".join([*shown[:_SHOWN], *["..."][: len(shown) > _SHOWN]]) or "none"
    return f"no network has the {word} {_quoted(value)}{nearest(value, shown) or f' (there are {listed})'}"


def _quoted(text: str) -> str:
    """The text as a list of YAML may hold it."""
    return f'"{text}"' if "," in text else text


def _compared(against: Against) -> tuple[str, ...]:
    if single := _single(against):
        return (single,)
    pairs = (_difference(text, "one group - another") for text in _written(against))
    return tuple(dict.fromkeys(name for pair in pairs for name in pair))


def _differences(against: Against, groups: Sequence[str]) -> tuple[tuple[str, str], ...]:
    if single := _single(against):
        _require((single,), groups)
        return tuple((group, single) for group in groups if group != single)
    found = tuple(_difference(text, f"{groups[0]} - {groups[-1]}") for text in _written(against))
    _require((name for pair in found for name in pair), groups)
    return found


def _single(against: Against) -> str | None:
    """The one group that is taken from all others, where `against` is no difference."""
    written = _written(against)
    return written[0] if len(written) == 1 and not _DIFFERENCE.match(written[0]) else None


def _written(against: Against) -> tuple[str, ...]:
    return (against,) if isinstance(against, str) else against


def _difference(text: str, example: str) -> tuple[str, str]:
    written = _DIFFERENCE.match(text)
    if written is None:
        raise ValueError(f"{text} is no difference: write `{example}`")
    return written[1], written[2]


def _require(names: Iterable[str], groups: Sequence[str]) -> None:
    for name in names:
        if name not in groups:
            hint = nearest(name, groups) or f" (groups: {', '.join(groups)})"
            raise ValueError(f"no group {name}{hint}")
