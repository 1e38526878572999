"""Units that wait for a worker, the longest first; after these, those that workers died in."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count


class Waiting:
    """Items by unit. Units in which fewer workers died go first, of these the longest, of these the earliest.

    A unit is in the queue as often as it grew; all but its last place there are void.
    """

    def __init__(self) -> None:
        self._units: dict[str, tuple[int, float, list[int]]] = {}
        self._queue: list[tuple[int, float, int, str]] = []
        self._places = count()

    def __bool__(self) -> bool:
        return bool(self._units)

    def add(self, unit: str, items: Sequence[int], seconds: float, deaths: int = 0) -> None:
        """Add items, which take so long together, to a unit in which so many workers died."""
        _, before, there = self._units.get(unit, (0, 0.0, []))
        place, total = next(self._places), before + seconds
        self._units[unit] = place, total, [*there, *items]
        heappush(self._queue, (deaths, -total, place, unit))

    def first(self) -> list[int]:
        """Take out the items of the unit that is next; none where none waits."""
        while self._queue:
            *_, place, unit = heappop(self._queue)
            if unit in self._units and self._units[unit][0] == place:
                return self._units.pop(unit)[2]
        return []

    def clear(self) -> None:
        """Let none wait."""
        self._units.clear()
        self._queue.clear()
