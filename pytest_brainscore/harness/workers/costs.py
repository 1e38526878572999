"""Costs: seconds that items will take, from earlier runs, else from the sizes of networks."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from ...specs.catalogue import size_of
from ..nodes import Named
from ..watching.ledger import Ledger

Known = tuple[float | None, float | None]
"""Seconds in an earlier run, multiply-accumulates of an image."""


def costs(items: Sequence[Named | None], ledger: Ledger, device: str) -> list[float]:
    """Estimated seconds of each item; None, which is no item of ours, costs nothing.

    What never ran counts by its multiply-accumulates, at the median rate of what did. Where the size is not
    known either, it counts as the mean of the others. If nothing ever ran the unit is not seconds.
    """
    known = [_known(item, ledger, device) if item else (0.0, None) for item in items]
    rate = _rate(known)
    guessed = [seconds if seconds is not None else _times(macs, rate) for seconds, macs in known]
    ours = [cost for cost, item in zip(guessed, items, strict=True) if item and cost is not None]
    mean = statistics.fmean(ours) if ours else 1.0
    return [mean if cost is None else cost for cost in guessed]


def _known(item: Named, ledger: Ledger, device: str) -> Known:
    model = item.candidate.model
    found = size_of(model)
    seconds = ledger.seconds(model.id, item.case.name, device, item.layer)
    return seconds, float(found.macs) if found else None


def _rate(known: Sequence[Known]) -> float:
    """Seconds per multiply-accumulate."""
    rates = [seconds / macs for seconds, macs in known if seconds is not None and macs]
    return statistics.median(rates) if rates else 1.0


def _times(macs: float | None, rate: float) -> float | None:
    return None if macs is None else macs * rate
