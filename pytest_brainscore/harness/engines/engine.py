"""Where the items of a run are measured: in this process, or elsewhere."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol

import pytest

from ...errors import BrainScoreError
from ...progress import Tell, untold
from ...specs.cases import Case
from ...suite.selection import Candidate
from ...work import Task, Work
from ..records.rows import scored

if TYPE_CHECKING:
    from ...scores import Score
    from ...work import Terms
    from ...workbench import Asked, Workbench
    from ..run import Run
    from .seat import Outcomes


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


def engine_of(run: Run) -> Engine:
    """The engine that the run's settings ask for."""
    if run.settings.dask is None:
        return Here(run.terms, run.asked, run.status.tell)
    try:
        from .elsewhere import Elsewhere
    except Exception as why:  # of libraries that do not fit together: anything
        told = f"distributed cannot be imported ({type(why).__name__}: {why}): install it again"
        pytest.exit(f"--brainscore-dask: {told}", returncode=pytest.ExitCode.USAGE_ERROR)
    return Elsewhere.connect(run.settings.dask, _works(run), run.terms, run.status.tell, partial(keep, run))


def keep(run: Run, model: str, outcomes: Outcomes) -> None:
    """Write down the scores of a unit that is back: its items may have to wait, and never come."""
    items = [pair for pair in run.items.items() if pair[1].candidate.id == model]
    for (node, named), outcome in zip(items, outcomes, strict=True):
        if not isinstance(outcome, BrainScoreError):
            run.book.add_early(scored(named.case, named.candidate.model, node, outcome))


def _works(run: Run) -> list[Work]:
    """The plan as units of work, in its order."""
    tasks: dict[str, list[Task]] = {}
    for model, case, layer in run.asked:
        tasks.setdefault(model, []).append((case, layer))
    candidates = {candidate.id: candidate for candidate in run.candidates}
    return [Work(candidates[id].model, candidates[id].folder, tuple(its)) for id, its in tasks.items()]
