"""The engine that has units of work done by the workers of a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import pytest
from distributed import Future, wait
from distributed.scheduler import KilledWorker

from ..errors import BrainScoreError, WorkError
from ..scores import Score
from ..specs.cases import Case
from ..suite.selection import Candidate
from ..work import Terms, Work
from .dask_cluster import Cluster
from .dask_worker import SEAT, Outcomes, measure

_LOOK_S = 1.0


class Elsewhere:
    """Has a unit per model done, in the plan's order, as many at a time as there are workers.

    No more than that are sent: the scheduler would queue them on its workers, and blame a whole queue for
    the death of its worker. An item waits until its model's unit is back.
    """

    def __init__(self, cluster: Cluster, works: Sequence[Work], terms: Terms) -> None:
        self.cluster, self.run = cluster, uuid4().hex
        self.terms = replace(terms, workers=cluster.workers_here)
        self._works = {work.model.id: work for work in works}
        self._waiting = deque(self._works)
        self._running: dict[str, Future[Outcomes]] = {}
        self._done: dict[str, Outcomes] = {}
        self._broken: WorkError | None = None

    @classmethod
    def connect(cls, address: str, works: Sequence[Work], terms: Terms) -> Elsewhere:
        """An engine on the cluster at `address`, or on one of its own; ends the run where there is none."""
        try:
            return cls(Cluster(address, len(works), terms.device), works, terms)
        except WorkError as why:
            pytest.exit(str(why), returncode=pytest.ExitCode.USAGE_ERROR)

    def score(self, candidate: Candidate, case: Case, layer: str | None) -> Score:
        """The score of one item, once its model's unit is done. Raises BrainScoreError with the cause."""
        model = candidate.id
        while model not in self._done:
            if self._broken:
                raise self._broken
            self._advance()
        tasks = [(other.name, at) for other, at in self._works[model].tasks]
        outcome = self._done[model][tasks.index((case.name, layer))]
        if isinstance(outcome, BrainScoreError):
            raise outcome
        return outcome

    def release(self, model: str) -> None:
        """Nothing: its worker has let go of the network, and scores are small."""

    def close(self) -> None:
        """Call back what is still under way."""
        with suppress(Exception):  # whatever is wrong with the cluster, the run is over
            self.cluster.client.cancel(list(self._running.values()))
        self.cluster.close()

    def _advance(self) -> None:
        """Send what there is a seat for, then wait a moment, and take in what came back."""
        try:
            self._send(self.cluster.seats())
        except (WorkError, OSError) as why:
            self._broken = WorkError(self._why_lost() if self.cluster.lost else str(why))
            return
        with suppress(TimeoutError, CancelledError), self.cluster.client.as_current():
            wait(list(self._running.values()), timeout=_LOOK_S, return_when="FIRST_COMPLETED")
        for name in [name for name, future in self._running.items() if future.done()]:
            self._take(name, self._running.pop(name))

    def _send(self, seats: int) -> None:
        while self._waiting and len(self._running) < seats:
            model = self._waiting.popleft()
            self._running[model] = self.cluster.client.submit(
                measure,
                self._works[model],
                self.terms,
                self.run,
                key=f"brainscore-{model}-{uuid4().hex}",
                resources={SEAT: 1},
                pure=False,
            )

    def _take(self, model: str, future: Future[Outcomes]) -> None:
        try:
            self._done[model] = future.result()
        except CancelledError:
            self._broken = WorkError(self._why_lost())
        except KilledWorker as why:
            self._fail(model, _killed(model, why))
        except Exception as why:
            self._fail(
                model, f"{model}: its unit of work broke on a Dask worker: {type(why).__name__}: {why}"
            )

    def _fail(self, model: str, why: str) -> None:
        self._done[model] = tuple(WorkError(why) for _ in self._works[model].tasks)

    def _why_lost(self) -> str:
        return f"the Dask scheduler {self.cluster.address} was lost, and with it what was under way"


def _killed(model: str, why: KilledWorker) -> str:
    return (
        f"{model}: {why.allowed_failures + 1} Dask workers were lost while they worked on this model, the"
        f" last at {why.last_worker.address}: a crash in its code, or more memory than there is (then a"
        " smaller batch_size helps)"
    )
