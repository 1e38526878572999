"""Evidence: everything a report is made from, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..specs.models import About
from ..specs.results import Composed, Row
from .joining import Found
from .runs import Part


@dataclass(frozen=True, eq=False)
class Evidence:
    """What runs left, and what is known of the networks.

    found: one row for each benchmark, model and layer, and the run it comes from (`Found.part.file`, beside
    which `row.values` lies). composites: of these rows. about: of networks by model id, from the results and,
    where these are silent, from models.yaml. parts: the runs that were read. history: earlier runs, oldest
    first, for the guarded models' history. benchmarks: folders with the project's benchmark files, its own
    first. recoveries: documents of `recover --benchmark --json` (`recovery.json` beside a run, or as named).
    """

    found: Sequence[Found]
    composites: Sequence[Composed] = ()
    about: Mapping[str, About] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    history: Sequence[Part] = ()
    benchmarks: Sequence[Path] = ()
    recoveries: Sequence[Path] = ()

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All rows, also of what could not be scored."""
        return tuple(one.row for one in self.found)

    @cached_property
    def scored(self) -> tuple[Found, ...]:
        """The rows that have a score."""
        return tuple(one for one in self.found if one.row.status == "scored")
