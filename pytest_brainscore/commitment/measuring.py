"""Measuring: what a network's answers to the stimuli of a case score, in one view of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from .. import scoring
from ..machine import threads_for
from ..models.represent import Represented
from ..opened import Opened
from ..scoring.fallbacks import noted_fallbacks
from ..scoring.inferred import Plan, inferred_score
from ..specs.cases import Case
from ..specs.registry import Registry
from .beside import Bands
from .measured import Measured, spent
from .views import View, seen


@dataclass(frozen=True)
class Measure:
    """Measures views of a network. device: where metrics compute."""

    opened: Opened
    registry: Registry
    device: torch.device

    def __call__(
        self,
        case: Case,
        view: View,
        shown: Represented,
        bands: Bands,
        plan: Plan | None = None,
        among: Sequence[View] = (),
    ) -> Measured:
        """The score of a view. bands: the baselines beside it. plan: of its intervals; None: without any.

        among: the views that it is the best of on this very case.
        Raises MetricError where the metric gives no number.
        """
        start = time.perf_counter()
        target, _ = self.opened.target(case)
        x, given = self._seen(view, case, shown), partial(bands.given, self.registry)
        threads = threads_for(x, target.y if isinstance(target, scoring.Target) else x)
        with threads, noted_fallbacks() as fallbacks:
            if plan is None:
                score = scoring.score(case.benchmark, x, target, given(target))
            else:
                answers = [partial(self._seen, one, case, shown) for one in among]
                score = inferred_score(case.benchmark, x, target, given, plan, answers)
        seconds = {**spent(self.opened, case, shown), "metric": time.perf_counter() - start}
        hit, stored = view.unit in shown.hits, shown.keys.get((view.unit, view.kind))
        return Measured(bands.told(score), "+".join(view.unit), hit, stored, tuple(fallbacks), seconds)

    def _seen(self, view: View, case: Case, shown: Represented) -> Tensor:
        """What the metric is shown of a view."""
        target, _ = self.opened.target(case)
        n = len(self.opened.recordings(case)[0].stimuli)
        return seen(shown.tensor(view.unit, view.kind).to(self.device), view, n, target)
