"""Where the items of a run are measured: in this process, or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import pytest

from ...progress import Tell, untold
from ...specs.cases import Case
from ...suite.selection import Candidate
from ...work import Keep, Terms, Work, unkept

if TYPE_CHECKING:
    from ...scores import Score
    from ...workbench import Asked, Workbench


class Engine(Protocol):
    """What measures items."""

    def score(self, candidate: Candidate, case: Case, layer: str | None) -> Score:
        """The score of one item. Raises BrainScoreError with the cause."""

    def release(self, model: str) -> None:
        """No item needs this model for now."""

    def close(self) -> None:
        """No item needs anything any more."""


class Here:
    """This process, item by item: the live network serves all items of its model."""

    def __init__(self, terms: Terms, asked: tuple[Asked, ...], tell: Tell = untold) -> None:
        self.terms, self.asked, self.tell = terms, asked, tell

    @cached_property
    def workbench(self) -> Workbench:
        """The networks, recordings and device of this process."""
        return self.terms.open(self.asked, self.tell)

    def score(self, candidate: Candidate, case: Case, layer: str | None) -> Score:
        """Measure here and now. Raises BrainScoreError with the cause."""
        return self.workbench.score(case, candidate.model, candidate.folder, layer=layer)

    def release(self, model: str) -> None:
        """Let go of the network; recordings stay open."""
        if "workbench" in vars(self):
            self.workbench.release()

    def close(self) -> None:
        """Nothing is held that the end of the process does not let go of."""


def engine_of(
    address: str | None, works: Sequence[Work], terms: Terms, tell: Tell = untold, keep: Keep = unkept
) -> Engine:
    """This process, or the Dask cluster at an address, for these units of work in their order.

    tell hears what is being done, keep what a unit came to. Ends the run where there is no such cluster.
    """
    if address is None:
        return Here(terms, tuple(asked for work in works for asked in work.asked), tell)
    try:
        from .elsewhere import Elsewhere
    except Exception as why:  # of libraries that do not fit together: anything
        told = f"distributed cannot be imported ({type(why).__name__}: {why}): install it again"
        pytest.exit(f"--brainscore-dask: {told}", returncode=pytest.ExitCode.USAGE_ERROR)
    return Elsewhere.connect(address, works, terms, tell, keep)
