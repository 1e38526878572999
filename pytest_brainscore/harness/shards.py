"""Shards: one of N runs that share the models of a call among them, for plain job arrays."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..specs.results import Share
    from ..suite.selection import Candidate

OPTION = "--brainscore-shard"
_FORM = re.compile(r"0*(\d{1,6})/0*(\d{1,6})", re.ASCII)


@dataclass(frozen=True)
class Shard:
    """Part `number` of `count`, from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def read(cls, text: str) -> Shard:
        """The shard that ``3/16`` names. Raises pytest.UsageError where it names none."""
        match = _FORM.fullmatch(text.strip())
        number, count = map(int, match.groups()) if match else (0, 0)
        if not 1 <= number <= count:
            raise pytest.UsageError(
                f"{OPTION}: {text or 'nothing'} is no shard; write 3/16 for the third of sixteen"
                " (from 1/16 to 16/16)"
            )
        return cls(number, count)

    def of(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """This shard's share, in the order of `candidates`; the shares of all shards make the whole.

        The most expensive model goes first, each to the shard that has least to do so far. Costs are the
        catalogue's, so every machine with this release shares out the same list in the same way.
        """
        costs = _costs(candidates)
        loads, mine = [0.0] * self.count, set()
        for i in sorted(range(len(candidates)), key=lambda i: -costs[i]):
            place = loads.index(min(loads))
            loads[place] += costs[i]
            if place == self.number - 1:
                mine.add(i)
        return tuple(candidate for i, candidate in enumerate(candidates) if i in mine)

    def share(self, models: Sequence[str]) -> Share:
        """What the results say of it; `models`: ids of those that fell to it."""
        from ..specs.results import Share

        return Share(number=self.number, count=self.count, models=tuple(models))


def _costs(candidates: Sequence[Candidate]) -> list[float]:
    """Multiply-accumulates of one image, and as many again of the median network for what each model costs.

    A network of unknown size counts as the median of those that are known.
    """
    from ..specs.catalogue import size_of

    sizes = [size_of(candidate.model) for candidate in candidates]
    known = [float(found.macs) for found in sizes if found]
    usual = statistics.median(known) if known else 1.0
    return [usual + (found.macs if found else usual) for found in sizes]
