"""The outlook of a run: how much there is to show, to fetch and to wait for, in words."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...data.lacks import Lack


@dataclass(frozen=True)
class Outlook:
    """What a run will take.

    nodes: ids of its items. models: the model of each. seconds: of each in earlier runs here, what is shared
    at the first that needs it; None where it never ran. stored: passes whose activations are in the store.
    shared: whether Dask shares them out, among workers that are not known yet.
    """

    nodes: tuple[str, ...]
    models: tuple[str, ...]
    seconds: tuple[float | None, ...]
    benchmarks: int
    passes: int
    stored: int
    lacks: tuple[Lack, ...]
    workers: int = 1
    offline: bool = False
    shared: bool = False

    def lines(self) -> Iterator[str]:
        """How much there is to do; what is to be fetched, and how long it takes, where that is known."""
        models, kept = len(set(self.models)), f", {self.stored} of them stored" if self.stored else ""
        yield (
            f"brainscore: {models} model(s) x {self.benchmarks} benchmark(s): {len(self.nodes)} item(s),"
            f" at most {self.passes} forward pass(es){kept}"
        )
        told = [*self._to_fetch(), *self._time()]
        if told:
            yield "brainscore: " + "; ".join(told)

    def _to_fetch(self) -> Iterator[str]:
        if not self.lacks:
            return
        known = [lack.bytes for lack in self.lacks if lack.bytes is not None]
        unknown = len(self.lacks) - len(known)
        about = "" if all(lack.exact for lack in self.lacks) else "about "
        sizes = [about + size(sum(known))] if known else []
        sizes += [f"{unknown} of unknown size"] if unknown else []
        head = "offline, and not here" if self.offline else "to fetch"
        yield f"{head}: {len(self.lacks)} file(s), {' and '.join(sizes)}"

    def _time(self) -> Iterator[str]:
        unknown = self.seconds.count(None)
        if unknown < len(self.seconds):
            few = f" ({unknown} of {len(self.seconds)} items never ran here)" if unknown else ""
            alone = " of work, shared by the workers of Dask" if self.shared else ""
            yield f"about {duration(self.takes())}{alone}{few}"

    def costs(self) -> tuple[float, ...]:
        """Seconds of each item; one that never ran counts as the mean of the others."""
        known = [seconds for seconds in self.seconds if seconds is not None]
        mean = statistics.fmean(known) if known else 0.0
        return tuple(mean if seconds is None else seconds for seconds in self.seconds)

    def takes(self) -> float:
        """Seconds that the run takes: all of it by the number of workers, and not less than any one model."""
        costs = self.costs()
        by_model = dict.fromkeys(self.models, 0.0)
        for model, cost in zip(self.models, costs, strict=True):
            by_model[model] += cost
        return max(sum(costs) / self.workers, *by_model.values())


def size(count: int) -> str:
    """So many bytes, as one reads them.

    >>> size(812_000), size(244_400_000), size(3_200_000_000)
    ('0.8 MB', '244 MB', '3.2 GB')
    """
    millions = count / 1e6
    return (
        f"{millions / 1e3:.1f} GB" if millions >= 999.5 else f"{millions:.{0 if millions >= 10 else 1}f} MB"
    )


def duration(seconds: float) -> str:
    """So many seconds, as one says them.

    >>> duration(0.2), duration(42), duration(200), duration(8000)
    ('1 s', '42 s', '3 min', '2 h 13 min')
    """
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
