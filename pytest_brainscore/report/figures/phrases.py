"""Phrases: numbers and intervals as sentences of the report have them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from ...analysis.statistics.estimates import Estimate
from ...analysis.statistics.numbers import estimate
from ...specs.twins import architecture_of

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")


def difference(found: Estimate | None, value: float | None, digits: int = 3) -> str:
    """A difference with its interval; the value alone where there is none."""
    low, high = found.interval() if found else (None, None)
    return estimate(value, low, high, digits)


def named(model: str) -> str:
    """A model's id as it is read: of an untrained twin ``alexnet untrained``."""
    of = architecture_of(model)
    return of + model.removeprefix(of).replace("_", " ")


def shortest(names: Iterable[str]) -> dict[str, str]:
    """Benchmark to the fewest of its last parts, between dots, that end no other benchmark's name.

    They begin with a letter: ``IT-pls.70-170``, not the time bin alone.
    """
    every = sorted(set(names))
    return {name: _unique(name, [other for other in every if other != name]) for name in every}


def _unique(name: str, others: Sequence[str]) -> str:
    parts = name.split(".")
    for count in range(1, len(parts)):
        short = ".".join(parts[-count:])
        if short[:1].isalpha() and not any(f".{other}".endswith(f".{short}") for other in others):
            return short
    return name


def slug(text: str) -> str:
    """The text as a part of an id and of a file's name: another one for each text.

    Where letters are replaced, six of the text's digest follow.
    """
    plain = _NOT_PLAIN.sub("-", text).strip("-.")
    return plain if plain == text and text else f"{plain or 'none'}-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
