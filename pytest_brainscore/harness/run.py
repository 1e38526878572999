"""One run: its settings, its models, its plan, its record, and the engine once an item needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from .. import suite
from ..errors import BrainScoreError, SelectionError, SpecError
from ..specs.cases import Case
from ..specs.composites import Composite
from ..specs.zoo import Zoo
from ..suite import selection
from ..suite.selection import Candidate
from ..work import Outcomes, Task, Terms, Work
from .engines.engine import Engine, engine_of
from .nodes import Named, Nodes
from .options import Settings
from .profile import Profile
from .records.book import Book
from .records.rows import scored
from .watching import forecast
from .watching.outlook import Outlook
from .watching.status import Status
from .workers.team import Team

WORKER_INPUT = "brainscore_run"
_WORKER_OUTPUT = "brainscore_deselected"


@dataclass
class Run:
    """What the hooks share. Frozen but for the plan and the record, which grow as the run goes.

    candidates: the models of this run. elsewhere: ids of those that other shards have. composites: those of
    the suites.
    items: what our items score, by node id, in their order. begun: ids of all items that began.
    deselected: how many were left out. crashed: whether a worker was lost. updated: how many lines of
    baselines the run changed; new: how many of these it added; pruned: what of them is gone. place: on a
    worker its number, and how many there are. status: what this process is doing. team: the workers, on the
    controller. idle: whether this is a shard without anything to score.
    """

    settings: Settings
    candidates: tuple[Candidate, ...]
    suites: tuple[Path, ...]
    id: str
    is_worker: bool
    book: Book
    elsewhere: frozenset[str] = frozenset()
    composites: tuple[Composite, ...] = ()
    keywords_read: dict[str, str] = field(default_factory=dict)
    keywords_known: set[str] = field(default_factory=set)
    places: dict[str, Case] = field(default_factory=dict)
    marks: dict[str, pytest.MarkDecorator] = field(default_factory=dict)
    items: Mapping[str, Named] = field(default_factory=dict)
    deselected: int = 0
    crashed: bool = False
    updated: int = 0
    new: int = 0
    pruned: tuple[str, ...] = ()
    begun: set[str] = field(default_factory=set)
    ended: bool = False
    place: tuple[int, int] = (0, 1)
    status: Status = field(default_factory=Status)
    team: Team = field(default_factory=Team)
    idle: bool = False

    @property
    def terms(self) -> Terms:
        """What holds for all work of this run."""
        settings = self.settings
        trust = (*settings.trust, *selection.packages(settings.models))
        return Terms(
            settings.device,
            settings.offline,
            settings.root,
            trust,
            *self.place,
            intervals=settings.intervals,
        )

    @property
    def works(self) -> list[Work]:
        """The plan as units of work, one for each model, in its order."""
        tasks: dict[str, list[Task]] = {}
        for item in self.items.values():
            tasks.setdefault(item.candidate.id, []).append((item.case, item.layer))
        candidates = {candidate.id: candidate for candidate in self.candidates}
        return [Work(candidates[id].model, candidates[id].folder, tuple(its)) for id, its in tasks.items()]

    @cached_property
    def nodes(self) -> Nodes:
        """What the ids of our items say."""
        profile = Profile(self.settings.layers, self.terms)
        return Nodes(self.candidates, self.suites, self.settings, profile)

    @cached_property
    def engine(self) -> Engine:
        """What measures the items of this process: made when the first one needs it."""
        tell, keep = self.status.tell, self.hear_outcomes
        return engine_of(self.settings.dask, self.works, self.terms, tell, keep)

    @cached_property
    def outlook(self) -> Outlook | None:
        """What our items will take, once it is known which there are; None where it cannot be told."""
        if self.items:
            with suppress(Exception):  # what is wrong the items will say; an estimate ends no run
                return forecast.ahead(
                    tuple(self.items), tuple(self.items.values()), self.settings, self.team.count
                )
        return None

    @property
    def working(self) -> bool:
        """Whether an item has needed the engine yet."""
        return "engine" in vars(self)

    def close(self) -> None:
        """Let go of what the engine holds."""
        if self.working:
            self.engine.close()

    @property
    def missing(self) -> int:
        """How many items of ours have no row yet."""
        return len(self.items.keys() - {row.node for row in self.book.rows.values()})

    @property
    def folder(self) -> Path:
        """Where this run writes."""
        return self.settings.reports / self.id

    @cached_property
    def zoo(self) -> Zoo:
        """The models that have a line in models.yaml."""
        return suite.zoo(self.settings.root, self.settings.suite.parent)

    def knows(self, model: str) -> bool:
        """Whether there is a model of this id: in this run, in models.yaml, in a library, or as a factory."""
        if model in self.elsewhere or model in {candidate.id for candidate in self.candidates}:
            return True
        return model in self.zoo.models or any(map(self._selects, selection.requests_of(model)))

    def _selects(self, request: str) -> bool:
        with suppress(SelectionError, SpecError):
            return bool(selection.select(request, self.zoo, self.settings.root))
        return False

    def mark(self, name: str, config: pytest.Config) -> pytest.MarkDecorator:
        """The mark of a name, which is registered when it is first asked for (``--strict-markers``)."""
        if name not in self.marks:
            config.addinivalue_line("markers", f"{name}: set by brainscore")
            self.marks[name] = getattr(pytest.mark, name)
        return self.marks[name]

    def tell_worker(self, node: Any) -> None:
        """Hand the run's id to an xdist worker, and its own number."""
        node.workerinput[WORKER_INPUT] = self.id
        self.team.join(node)

    def hear_collection(self, nodes: Iterable[str]) -> None:
        """Take in what a worker collected: the controller knows no items but by these ids."""
        self.plan({node: named for node in nodes if (named := self.nodes.find(node))})

    def plan(self, items: Mapping[str, Named]) -> None:
        """Fix which items there are, and their order."""
        self.items = items
        self.hear_order(items)

    def hear_order(self, nodes: Iterable[str]) -> None:
        """Take in the order of the items, of this process or of a worker."""
        self.book.order = {node: place for place, node in enumerate(nodes)}

    def hear_outcomes(self, model: str, outcomes: Outcomes) -> None:
        """Write down the scores of a unit that is back: its items may have to wait, and never come."""
        items = [pair for pair in self.items.items() if pair[1].candidate.id == model]
        for (node, named), outcome in zip(items, outcomes, strict=True):
            if not isinstance(outcome, BrainScoreError):
                self.book.add_early(scored(named.case, named.candidate.model, node, outcome))

    def hear_worker(self, node: Any, error: object) -> None:
        """Take in how a worker ended, and how many items it deselected."""
        self.crashed = self.crashed or bool(error)
        self.team.leave(node)
        self.deselected += getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT, 0)

    def answer_controller(self, config: pytest.Config) -> None:
        """On a worker: say how many items were deselected here."""
        output: dict[str, Any] | None = getattr(config, "workeroutput", None)
        if output is not None:
            output[_WORKER_OUTPUT] = self.deselected

    def _share(self) -> str:
        """How many models there are to score; of a shard, also of how many."""
        mine, shard = len(self.candidates), self.settings.shard
        whole = mine + len(self.elsewhere)
        return f"{mine} model(s)" if shard is None else f"shard {shard}: {mine} of {whole} models"

    def header(self) -> list[str]:
        """The lines above the items."""
        offline = ", offline" if self.settings.offline else ""
        names = ", ".join(c.id for c in self.candidates[:6]) + (", ..." if len(self.candidates) > 6 else "")
        return [f"brainscore: {self._share()}: {names or 'none'}; device {self.settings.device}{offline}"]
