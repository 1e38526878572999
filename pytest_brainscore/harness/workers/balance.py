"""The balance of workers: a model is the work of one of them, and the longest work starts first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol

from .waiting import Waiting

SHORT = 2
"""Items that a worker must have been sent: it starts one when it knows the next."""

Load = tuple[str, float]
"""Of an item: the unit that it belongs to, and the seconds that it may take."""


class Worker(Protocol):
    """What is used of xdist's WorkerController."""

    @property
    def shutting_down(self) -> bool:
        """Whether it takes no more items."""

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Have it run these items. Raises OSError where it is dead."""

    def shutdown(self) -> None:
        """Have it end once it ran what it was sent."""


@dataclass
class Share:
    """Items of one worker: those that were sent and are not done, and the rest of its unit."""

    sent: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)


class ByModel:
    """The scheduler of pytest-xdist's protocol that deals out units, the longest first, to whoever is free.

    Items of one unit go to one worker, one after the other. After a crash the item that had begun is done,
    and what is left of the unit waits behind all in which fewer workers died: one that always crashes uses up
    xdist's restarts, and the others shall have had theirs. A worker without work waits, in case that another
    one crashes, until all is done.

    workers: how many will collect. plan: the load of each of the collected ids. begun: ids of the items that
    ever began. stopped: whether no more items shall start. refuse: is told why items cannot be dealt out.
    """

    def __init__(
        self,
        workers: int,
        plan: Callable[[Sequence[str]], Sequence[Load]],
        begun: Set[str],
        stopped: Callable[[], bool],
        refuse: Callable[[str], None],
    ) -> None:
        self.workers, self.begun = workers, begun
        self._plan, self._stopped, self._refuse = plan, stopped, refuse
        self._ids: Sequence[str] | None = None
        self._loads: Sequence[Load] = ()
        self._waiting = Waiting()
        self._deaths: Counter[str] = Counter()
        self._collected: dict[Worker, Sequence[str]] = {}
        self._shares: dict[Worker, Share] = {}

    @property
    def nodes(self) -> list[Worker]:
        """All workers that are there."""
        return list(self._shares)

    @property
    def collection_is_completed(self) -> bool:
        """Whether all workers of the start have collected."""
        return self._ids is not None or len(self._collected) >= self.workers

    @property
    def tests_finished(self) -> bool:
        """Whether nothing is left but what workers will do by themselves when they are told to end."""
        busy = any(share.kept or len(share.sent) >= SHORT for share in self._shares.values())
        return self.collection_is_completed and not self._waiting and not busy

    @property
    def has_pending(self) -> bool:
        """Whether any item is not done."""
        return bool(self._waiting) or any(share.sent or share.kept for share in self._shares.values())

    def add_node(self, node: Worker) -> None:
        """Take in a worker, which goes on to collect."""
        self._shares[node] = Share()

    def add_node_collection(self, node: Worker, collection: Sequence[str]) -> None:
        """Take in what a worker collected; all must have the same."""
        known = self._ids or next(iter(self._collected.values()), collection)
        if list(known) == list(collection):
            self._collected[node] = collection
        else:
            self._refuse(_difference(known, collection))
            self._drop()
            self._ids = self._ids or ()

    def mark_test_complete(self, node: Worker, item_index: int, duration: float = 0) -> None:
        """Take in that a worker is done with an item."""
        self._shares[node].sent.remove(item_index)
        self._supply(node)

    def mark_test_pending(self, item: str) -> None:
        """Run an item again, as a plugin may ask after a crash."""
        self._put_back([list(self._ids or ()).index(item)])
        self.schedule()

    def remove_pending_tests_from_node(self, node: Worker, indices: Sequence[int]) -> None:
        """Nothing: no item is ever taken from a living worker."""

    def remove_node(self, node: Worker) -> str | None:
        """Take in that a worker ended. Returns the item that it was in, which counts as done."""
        self._collected.pop(node, None)
        share = self._shares.pop(node)
        crashed = [i for i in share.sent[:1] if self._id(i) in self.begun]
        self._deaths.update(self._loads[i][0] for i in crashed)
        self._put_back([*share.sent[len(crashed) :], *share.kept])
        self.schedule()
        return self._id(crashed[0]) if crashed else None

    def schedule(self) -> None:
        """Give every worker that is ready something to do: a unit each, before any has a second."""
        if not self.collection_is_completed:
            return
        if self._ids is None:
            self._ids = next(iter(self._collected.values()))
            self._loads = self._plan(self._ids)
            self._put_back(range(len(self._ids)))
        for node in self._ready():
            if not (self._shares[node].sent or self._shares[node].kept):
                self._take(self._shares[node])
        for node in self._ready():
            self._supply(node)

    def _ready(self) -> list[Worker]:
        return [node for node in self._collected if not node.shutting_down]

    def _supply(self, node: Worker) -> None:
        """Send items until the worker knows what comes after the next; nothing after its last one."""
        share = self._shares[node]
        if node.shutting_down or node not in self._collected:
            return
        if self._stopped():
            self._drop()
        while len(share.sent) < SHORT and (share.kept or self._take(share)):
            if not _send(node, share):
                return
        if 0 < len(share.sent) < SHORT:
            node.shutdown()

    def _take(self, share: Share) -> bool:
        """Give the unit that is next; False where none waits."""
        share.kept = self._waiting.first()
        return bool(share.kept)

    def _put_back(self, items: Sequence[int]) -> None:
        units: dict[str, list[int]] = {}
        for i in items:
            units.setdefault(self._loads[i][0], []).append(i)
        for unit, own in units.items():
            self._waiting.add(unit, own, sum(self._loads[i][1] for i in own), self._deaths[unit])

    def _drop(self) -> None:
        """Let nothing start that was not sent."""
        self._waiting.clear()
        for share in self._shares.values():
            share.kept.clear()

    def _id(self, item: int) -> str:
        return (self._ids or ())[item]


def _send(node: Worker, share: Share) -> bool:
    """Send the next item of the unit; False where the worker is dead, which xdist will say in a moment."""
    try:
        node.send_runtest_some([share.kept[0]])
    except OSError:
        return False
    share.sent.append(share.kept.pop(0))
    return True


def _difference(known: Sequence[str], other: Sequence[str]) -> str:
    """What two collections differ in."""
    lost, new = sorted(set(known) - set(other)), sorted(set(other) - set(known))
    what = f"{lost[0]} is missing" if lost else f"{new[0]} is new" if new else "their order differs"
    return (
        f"workers collected different items ({what}), so none more can be dealt out:"
        " do files change while the run collects, or names that are random?"
    )
