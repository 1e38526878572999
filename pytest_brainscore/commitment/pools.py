"""Pools: what came of the pools of one network.

Benchmarks that take the best of the same layers on the same stimuli and splits are measured together, layer
by layer, when the first of them is asked for: what one of them needs of a layer, the others share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeGuard

import torch
from torch import Tensor

from ..errors import BrainScoreError, MetricError, ModelError
from ..machine import threads_for
from ..metrics.measurement import Measurement
from ..models.represent import Represented
from ..opened import Opened
from ..progress import Tell
from ..scoring import Target
from ..scoring.comparison import refuse_constant
from ..scoring.fallbacks import noted_fallbacks
from ..scoring.inferred import Again, Plan
from ..scoring.profiles import Profile
from ..scoring.spectra import spectrum_of
from ..scoring.together import Member, Together
from ..specs.cases import Case
from ..specs.inference import Intervals
from ..specs.registry import Registry
from .measured import Measured, spent
from .pooling import Pooling
from .views import View, seen

Show = Callable[[Case, Sequence[View]], Represented]


@dataclass
class Pools:
    """What came of the pools of one network, each measured once.

    show: the network's answers to the stimuli of a case, in several views. device: where metrics compute.
    intervals: how those of scores are made, instead of as the benchmarks say.
    """

    opened: Opened
    show: Show
    registry: Registry
    device: torch.device
    tell: Tell
    intervals: Intervals | None = None
    _done: dict[str, _Each] = field(default_factory=dict)

    def measured(self, pooling: Pooling, alike: Callable[[Pooling], Sequence[Pooling]]) -> Measured:
        """What came of it. alike: those that may be measured together with it, itself among them.

        Raises ModelError where the network cannot be shown the stimuli, MetricError where no layer has a
        score.
        """
        if pooling.case.digest not in self._done:
            shared = [other for other in alike(pooling) if self._fits(other, pooling)]
            self._done |= self._together({other.case.digest: other for other in shared})
        return self._inferred(self._done[pooling.case.digest])

    def _inferred(self, one: _Each) -> Measured:
        """What was measured, with intervals and null, for which it is measured on other stimuli."""
        plan = Plan.of(one.case.benchmark, one.case.digest, self.intervals)
        with threads_for(one.target.y):
            return one.measured(partial(self._again, one), plan)

    def _again(self, one: _Each, rows: Tensor, target: Target) -> Measurement:
        """Choose and measure with the network's answers to some rows of its stimuli, against a target."""
        profile = Profile(one.case.benchmark, one.profile.pool, target)
        member = replace(one.member, target=target)
        together, n = Together([member], self.registry), len(self.opened.recordings(one.case)[0].stimuli)
        for view, layer in zip(one.views, one.units, strict=True):
            x = self._seen(view, one.shown, n, one.target)
            some = x[rows.to(x.device)] if isinstance(x, Tensor) else x
            (found,) = together.measured({one.sight: some})
            profile.offer("+".join(layer), found)
        return profile.picked()

    def _fits(self, other: Pooling, pooling: Pooling) -> bool:
        """Whether it has the same stimuli in the same splits."""
        if other is pooling:
            return True
        try:
            return _rows(self._target(other.case)) == _rows(self._target(pooling.case))
        except BrainScoreError:  # that item's own setup will say so
            return False

    def _target(self, case: Case) -> Target:
        target, _ = self.opened.target(case)
        if not isinstance(target, Target):
            raise MetricError(f"{case.benchmark.metric.name} compares responses, and these are choices")
        return target

    def _together(self, poolings: dict[str, Pooling]) -> dict[str, _Each]:
        """Measure them. poolings: by digest of the case."""
        case = next(iter(poolings.values())).case
        each = [_Each(one, self._target(one.case), one.views(self.opened)) for one in poolings.values()]
        shown = self.show(case, list(dict.fromkeys(view for one in each for view in one.views)))
        start = time.perf_counter()
        with threads_for(*(one.target.y for one in each)), noted_fallbacks() as fallbacks:
            self._profile(each, shown, len(self.opened.recordings(case)[0].stimuli))
        share = (time.perf_counter() - start) / len(each)
        for one in each:
            one.end(shown, fallbacks, {**spent(self.opened, one.case, shown), "metric": share})
        return dict(zip(poolings, each, strict=True))

    def _profile(self, each: Sequence[_Each], shown: Represented, n: int) -> None:
        """Measure layer by layer. n: how many stimuli the network is shown."""
        together = Together([one.member for one in each], self.registry)
        units, of_sight = each[0].units, {one.sight: one for one in each}
        for i, unit in enumerate(units):
            self.tell("choice", i, len(units))
            seen_of = {
                sight: self._seen(one.views[i], shown, n, one.target) for sight, one in of_sight.items()
            }
            spectra = {view: spectrum_of(x) for view, x in seen_of.items() if _is_plain(x, view)}
            plain = spectra[min(spectra, key=lambda view: str(view.kind))] if spectra else None
            for one, found in zip(each, together.measured(seen_of), strict=True):
                one.profile.offer("+".join(unit), found, spectra.get(one.sight, plain))

    def _seen(self, view: View, shown: Represented, n: int, target: Target) -> Tensor | BrainScoreError:
        """What the metric is shown of a layer, (n_stimuli of the target, p), or why there is nothing."""
        try:
            x = seen(shown.tensor(view.unit, view.kind).to(self.device), view, n, target)
            refuse_constant(x)
        except (ModelError, MetricError) as why:
            return why.with_traceback(None)
        return x[target.rows.to(x.device)]


class _Each:
    """One of the benchmarks that are measured together."""

    def __init__(self, pooling: Pooling, target: Target, views: tuple[View, ...]) -> None:
        self.case, self.units, self.target, self.views = pooling.case, pooling.units, target, views
        self.sight = replace(views[0], unit=())
        self.member = Member(pooling.case.benchmark, target, self.sight)
        self.profile = Profile(pooling.case.benchmark, pooling.pool, target)

    def end(self, shown: Represented, fallbacks: Sequence[str], seconds: dict[str, float]) -> None:
        """All layers are measured: keep of what was shown whether and where the store has it."""
        keys = (shown.keys.get((view.unit, view.kind)) for view in reversed(self.views))
        self.hit = all(view.unit in shown.hits for view in self.views)
        self.stored = next(filter(None, keys), None)
        self.shown = shown
        self.fallbacks, self.seconds = tuple(fallbacks), seconds

    def measured(self, again: Again, plan: Plan) -> Measured:
        """The score of the layers that were chosen. Raises MetricError where none has one.

        again: chooses and measures on other stimuli. plan: of the intervals and the null.
        """
        start = time.perf_counter()
        score = self.profile.score(again, plan)
        seconds = {**self.seconds, "metric": self.seconds["metric"] + time.perf_counter() - start}
        layer = ", ".join(self.profile.chosen())
        return Measured(score, layer, self.hit, self.stored, self.fallbacks, seconds)


def _is_plain(x: Tensor | BrainScoreError, view: View) -> TypeGuard[Tensor]:
    """Whether that is a layer as it answers: its units are not z-scored, nor on principal components."""
    return isinstance(x, Tensor) and view.kind.standardised is None and view.pca is None


def _rows(target: Target) -> tuple[tuple[int, ...], ...]:
    """Its stimuli in the data set's list, and the rows of each side of each split."""
    sides = (rows for split in target.splits for rows in (split.train, split.test))
    return tuple(tuple(rows.tolist()) for rows in (target.rows, *sides))
