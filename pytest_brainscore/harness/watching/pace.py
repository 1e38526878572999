"""The pace of a run: how much of it is done, and how much time is left."""

from __future__ import annotations

import statistics
from collections.abc import Collection

from .outlook import Outlook

TRUST_S = 10.0
"""So many seconds of items must be done for what they took to count as much as what was expected."""


class Pace:
    """Counts items as they end, and compares what they took with what was expected of them."""

    def __init__(self, outlook: Outlook, begun: float) -> None:
        self._expected = dict(zip(outlook.nodes, outlook.costs(), strict=True))
        self._first = set(dict(reversed(list(zip(outlook.models, outlook.nodes, strict=True)))).values())
        self._workers, self._last = outlook.workers, begun
        self._took: dict[str, float] = {}
        self._done: set[str] = set()

    @property
    def total(self) -> int:
        """How many items there are."""
        return len(self._expected)

    @property
    def done(self) -> int:
        """How many of them ended."""
        return len(self._done)

    def counts(self, node: str) -> bool:
        """Whether it is one of them."""
        return node in self._expected

    def note(self, node: str, seconds: float, ended: bool, now: float) -> None:
        """A part of an item (setup, call, teardown) took so long; with the last one it ended."""
        if node in self._expected:
            self._took[node] = self._took.get(node, 0.0) + seconds
            if ended:
                self._done.add(node)
                self._last = now

    def left(self, running: Collection[str], now: float) -> float | None:
        """Seconds until the last item ends; None where that is not known: not yet, or not any more.

        What was expected, times how much longer (or shorter) the items so far took than expected, by the
        number of workers. Items that run now count down to nothing; when only such are left nobody knows.
        """
        if not any(self._expected.values()):
            return self._left_of_unknown(now)
        took = sum(self._took[node] for node in self._done)
        expected = sum(self._expected[node] for node in self._done)
        factor = (took + TRUST_S) / (expected + TRUST_S) / self._workers
        rest = {node: cost * factor for node, cost in self._expected.items() if node not in self._done}
        waiting = sum(cost for node, cost in rest.items() if node not in running)
        return max(sum(rest.values()) - (now - self._last), waiting) or None

    def _left_of_unknown(self, now: float) -> float | None:
        """Where nothing ran before: first items of models, which build and show, count apart from others."""
        left = 0.0
        for kind in (self._first, self._expected.keys() - self._first):
            done = [self._took[node] for node in kind & self._done]
            if kind and not done:
                return None
            left += (len(kind) - len(done)) * statistics.fmean(done or [0.0])
        return max(left / self._workers - (now - self._last), 0.0) or None
