"""The engine that has units of work done by the workers of a Dask cluster."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import uuid4

import dask
import pytest
from distributed import Future, wait
from distributed.scheduler import KilledWorker

from ...errors import BrainScoreError, WorkError
from ...progress import Tell, untold
from ...scores import Score
from ...specs.cases import Case
from ...suite.selection import Candidate
from ...work import Keep, Outcomes, Terms, Work, unkept
from .cluster import Cluster
from .seat import SEAT, measure

_LOOK_S = 1.0
_FETCH_S = 60.0


@dataclass(frozen=True)
class Sent:
    """A unit that is under way: what it will come to, and on which worker."""

    future: Future[Outcomes]
    worker: str


class Elsewhere:
    """Has a unit per model done, in the plan's order, one at a time by each worker.

    Each is sent to one worker, and no more than there are workers: the scheduler would queue them there, and
    blame a whole queue for the death of its worker. An item waits until its model's unit is back; `keep` is
    told of a unit at once, since the items of others may wait for an earlier one.
    """

    def __init__(
        self,
        cluster: Cluster,
        works: Sequence[Work],
        terms: Terms,
        tell: Tell = untold,
        keep: Keep = unkept,
    ) -> None:
        self.cluster, self.run, self.tell, self.keep = cluster, cluster.run, tell, keep
        self.terms = replace(terms, workers=cluster.workers_here)
        self.allowed_losses = int(dask.config.get("distributed.scheduler.allowed-failures"))
        self._works = {work.model.id: work for work in works}
        self._waiting = deque(self._works)
        self._sent: dict[str, Sent] = {}
        self._losses: Counter[str] = Counter()
        self._done: dict[str, Outcomes] = {}
        self._broken: WorkError | None = None

    @classmethod
    def connect(
        cls, address: str, works: Sequence[Work], terms: Terms, tell: Tell = untold, keep: Keep = unkept
    ) -> Elsewhere:
        """An engine on the cluster at `address`, or on one of its own; ends the run where there is none."""
        try:
            return cls(Cluster(address, len(works), terms.device), works, terms, tell, keep)
        except WorkError as why:
            pytest.exit(str(why), returncode=pytest.ExitCode.USAGE_ERROR)

    def score(self, candidate: Candidate, case: Case, layer: str | None) -> Score:
        """The score of one item, once its model's unit is done. Raises BrainScoreError with the cause."""
        model = candidate.id
        while model not in self._done:
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
            self.cluster.client.cancel([sent.future for sent in self._sent.values()])
        self.cluster.close()

    def _advance(self) -> None:
        """Send what a worker is free for, then wait a moment, and take in what came back.

        Raises WorkError, from then on, where the cluster is gone.
        """
        if self._broken:
            raise self._broken
        try:
            workers = self.cluster.workers()
        except (WorkError, OSError) as why:
            self._broken = WorkError(str(why))
            return
        self._recall(workers)
        self._send(workers)
        self.tell("elsewhere", len(self._sent), len(self._works))
        self._wait([sent.future for sent in self._sent.values()])
        for model in [model for model, sent in self._sent.items() if sent.future.done()]:
            self._take(model)

    def _wait(self, futures: list[Future[Outcomes]]) -> None:
        """Wait until one is done, a second at most."""
        if not futures:
            time.sleep(_LOOK_S)
            return
        with suppress(TimeoutError, CancelledError), self.cluster.client.as_current():
            wait(futures, timeout=_LOOK_S, return_when="FIRST_COMPLETED")

    def _recall(self, workers: list[str]) -> None:
        """Take back the units whose worker is gone."""
        for model, sent in list(self._sent.items()):
            if sent.worker not in workers and not sent.future.done():
                self._lose(model)

    def _send(self, workers: list[str]) -> None:
        taken = {sent.worker for sent in self._sent.values()}
        for worker in (worker for worker in workers if worker not in taken):
            if self._waiting:
                model = self._waiting.popleft()
                self._sent[model] = Sent(self._submitted(model, worker), worker)

    def _submitted(self, model: str, worker: str) -> Future[Outcomes]:
        return self.cluster.client.submit(
            measure,
            self._works[model],
            self.terms,
            self.run,
            key=f"brainscore-{model}-{uuid4().hex}",
            workers=[worker],
            resources={SEAT: 1},
            pure=False,
        )

    def _take(self, model: str) -> None:
        """Take in what a unit came to."""
        try:
            self._done[model] = self._sent[model].future.result(timeout=_FETCH_S)
            del self._sent[model]
        except (KilledWorker, CancelledError, TimeoutError):
            self._lose(model)
        except Exception as why:
            self._fail(model, f"its unit of work broke on a Dask worker: {type(why).__name__}: {why}")
        else:
            self.keep(model, self._done[model])

    def _lose(self, model: str) -> None:
        """Send a unit whose worker was lost again, before all others, unless that happened too often."""
        self._losses[model] += 1
        if self._losses[model] > self.allowed_losses:
            self._fail(
                model,
                f"{self._losses[model]} Dask workers were lost while they worked on it, the last at"
                f" {self._sent[model].worker}: its code crashes, or memory runs out (then a smaller"
                " batch_size helps)",
            )
            return
        with suppress(OSError):  # a scheduler that is gone is told of at the next look
            self.cluster.client.cancel([self._sent.pop(model).future])
        self._waiting.appendleft(model)

    def _fail(self, model: str, why: str) -> None:
        self._sent.pop(model)
        self._done[model] = tuple(WorkError(f"{model}: {why}") for _ in self._works[model].tasks)
