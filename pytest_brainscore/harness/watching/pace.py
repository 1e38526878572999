"""The pace of a run: how much of it is done, and how much time is left."""

from __future__ import annotations

from collections.abc import Collection

from .outlook import Outlook

TRUST_S = 10.0
"""So many seconds of items must be done for what they took to count as much as what was expected."""


class Pace:
    """Counts items as they end, and compares what they took with what was expected of them."""

    def __init__(self, outlook: Outlook, begun: float) -> None:
        self._expected = dict(zip(outlook.nodes, outlook.costs(), strict=True))
        self._trust = TRUST_S
        if not any(self._expected.values()):  # nothing ran here before: items count alike
            self._expected, self._trust = dict.fromkeys(outlook.nodes, 1.0), 0.0
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
        took = sum(self._took[node] for node in self._done)
        expected = sum(self._expected[node] for node in self._done)
        if not expected + self._trust:
            return None
        factor = (took + self._trust) / (expected + self._trust) / self._workers
        rest = {node: cost * factor for node, cost in self._expected.items() if node not in self._done}
        waiting = sum(cost for node, cost in rest.items() if node not in running)
        return max(sum(rest.values()) - (now - self._last), waiting) or None
