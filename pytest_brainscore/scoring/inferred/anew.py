"""Anew: a score measured again, on some of the stimuli or with the model's stimuli in another order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...errors import MetricError
from ...metrics import splits
from ...metrics.measurement import Measurement
from ...metrics.splits import Split
from ..targets import Target

Again = Callable[[Tensor, Target], Measurement]


@dataclass(frozen=True, eq=False)
class Anew:
    """What can be measured again, and on what.

    again: of each layer that the best one is chosen of by its score, or of the one layer (or pool of them):
    what it measures of a model's answers to some rows of the stimuli, in that order, against a target.
    layers: of how many the score is the best; those of a pool, too.
    """

    target: Target
    again: Sequence[Again]
    layers: int = 1

    def without(self, rows: Tensor) -> Measurement:
        """The measurement on the stimuli that are kept, the best layer chosen anew; rows (k,).

        Raises MetricError where no layer has one.
        """
        return self._best(rows, kept(self.target, rows))

    def on(self, split: Split) -> Measurement:
        """The measurement on one split of all stimuli, the best layer chosen anew; raises as `without`."""
        return self._best(torch.arange(len(self.target.rows)), replace(self.target, splits=(split,)))

    def _best(self, rows: Tensor, target: Target) -> Measurement:
        found = [_tried(again, rows, target) for again in self.again]
        there = [one for one in found if isinstance(one, Measurement)]
        if not there:
            raise next(one for one in found if isinstance(one, MetricError))
        return max(there, key=_raw)

    def shuffled(self, order: Tensor) -> Tensor:
        """The raw score (layers,) of each layer with the model's stimuli in another order; NaN for none."""
        found = (_tried(again, order, self.target) for again in self.again)
        raws = [_raw(one) if isinstance(one, Measurement) else torch.nan for one in found]
        return torch.tensor(raws, dtype=torch.float64)


def kept(target: Target, rows: Tensor) -> Target:
    """The target on some of its stimuli, rows (k,): each stays on its side of every split."""
    y, at = target.y, rows.to(target.y.device)
    of_rdms = y.ndim == 3 and not target.time_bins
    return replace(
        target,
        y=y[:, at[:, None], at] if of_rdms else y[at],
        rows=target.rows[rows.to(target.rows.device)],
        splits=tuple(splits.kept(target.splits, rows.cpu(), len(target.rows))),
        stimuli=tuple(target.stimuli[i] for i in rows.tolist()) if target.stimuli else (),
    )


def _tried(again: Again, rows: Tensor, target: Target) -> Measurement | MetricError:
    try:
        return again(rows, target)
    except MetricError as why:
        return why.with_traceback(None)


def _raw(measured: Measurement) -> float:
    """The raw score; the lowest there is where it is no number."""
    raw = measured.raw()
    return raw if raw == raw else -torch.inf
