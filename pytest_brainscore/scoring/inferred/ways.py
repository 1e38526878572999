"""Ways: replicates of a score by the way that is valid for its metric, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from torch import Tensor

from ...inference.jackknife import pairs_of
from ...inference.left_out import left_out
from ...inference.replicates import Sampled
from ...inference.resplit import resplit
from ...inference.sampling import Sampling
from ...inference.stored import stored
from ...metrics.measurement import Measurement
from ...specs.metrics import Cka, Crsa, CustomMetric, Metric, MutualKnn, Procrustes, Rdm, Rsm, SoftMatching
from ..targets import Target
from .anew import Anew
from .kernels import Cut, cut_of
from .plan import Plan

FIT_NOTHING = (Rdm, Rsm, Cka, Crsa, Procrustes, MutualKnn, SoftMatching)
_SLOW = (Rsm, SoftMatching)
"""They take long for each sample of stimuli."""
FEWEST = 6
"""Groups of a jackknife, at least: fewer would make t intervals wide."""
PAIRS = 4_000_000
"""Pairs of stimuli that a jackknife may go through with more groups than these."""
PAIRS_OF_CUTS = 2 * PAIRS
"""The like where matrices are cut, at 20 ns a pair: 0.2 s."""
MOST = 32_000_000
"""Pairs that it may go through with the fewest groups; beyond there is none unless it is asked for."""
REFIT = "`inference: {intervals: refit}`"


@dataclass(frozen=True, eq=False)
class Resampled:
    """Replicates by factor, and what a reader of the interval should know."""

    sampled: Sampled = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Basis:
    """What an interval is inferred from: a measurement, and how it can be made on other samples.

    anew: new fits; None of a network that was trained on the recordings. x: activations or coordinates
    (n, p) of the target's stimuli; None where no one layer is measured.
    """

    metric: Metric
    measured: Measurement
    target: Target
    anew: Anew | None = None
    x: Tensor | None = None

    @cached_property
    def cut(self) -> Cut | None:
        """On some of `size` stimuli, from matrices that are made once; None where none is enough.

        Raises MetricError where responses have no matrix.
        """
        return cut_of(self.metric, self.x, self.target, self.measured)

    @property
    def stimuli(self) -> int:
        """How many stimuli it is of."""
        return len(self.target.rows)

    @property
    def size(self) -> int:
        """How many stimuli a jackknife leaves out in turn: of cRSA those that its one split tests."""
        splits = self.target.splits
        return len(splits[0].test) if isinstance(self.metric, Crsa) and len(splits) == 1 else self.stimuli


def resampled(of: Basis, plan: Plan) -> Resampled:
    """Replicates of a score. Raises MetricError where a sample of the stimuli cannot be measured."""
    if plan.asked.intervals == "off":
        return Resampled()
    sampling = _sampling(of, plan)
    sampled = _sampled(of, plan, sampling)
    if plan.wants_stimuli and "stimulus" not in sampled:
        sampled = {factor: replace(made, alone=True) for factor, made in sampled.items()}
    return Resampled(sampled, tuple(_notes(of, plan, sampling, sampled)))


def _sampling(of: Basis, plan: Plan) -> Sampling:
    """Where samples come from; of what is slow, fewer by default."""
    by_default = plan.asked.intervals == "stored" and _jackknife(of, plan) is not None
    groups = _affordable(of, plan.asked.groups) if by_default else None
    return plan.sampling(of.measured.values.numel(), groups)


def _affordable(of: Basis, asked: int) -> int:
    """How many groups stimuli may be left out by, as many as are asked for or fewer."""
    most = PAIRS if of.cut is None else PAIRS_OF_CUTS
    fewer = (g for g in range(asked, FEWEST, -1) if of.size**2 * _cuts(g) <= most)
    return next(fewer, min(asked, FEWEST))


def _cuts(groups: int) -> int:
    """How many samples a jackknife takes: without each group, and without each two."""
    return groups + pairs_of(groups)


def _is_split_anew(of: Basis, plan: Plan) -> bool:
    """Whether mappings are fitted anew on other splits."""
    fits = not isinstance(of.metric, FIT_NOTHING)
    return plan.asked.intervals == "refit" and of.anew is not None and fits


def _jackknife(of: Basis, plan: Plan) -> tuple[int, Callable[[Tensor], Measurement]] | None:
    """Of how many stimuli some are left out in turn, and what measures the others; None for no jackknife.

    There is one where nothing is fitted, as far as that does not take long, or where it is asked for.
    """
    anew = None if of.anew is None else (of.stimuli, of.anew.without)
    if not plan.wants_stimuli:
        return None
    if plan.asked.intervals == "refit":
        return anew
    if of.size**2 * _cuts(FEWEST) > MOST:
        return None
    if of.cut is not None:
        return of.size, of.cut
    return anew if _is_quick(of.metric) else None


def _is_quick(metric: Metric) -> bool:
    """Whether it fits nothing and can be measured again for an interval that nobody asked for."""
    return isinstance(metric, FIT_NOTHING) and not isinstance(metric, (*_SLOW, Crsa))


def _sampled(of: Basis, plan: Plan, sampling: Sampling) -> Sampled:
    over, splits = plan.asked.over, of.target.splits
    if of.anew is not None and _is_split_anew(of, plan):
        return resplit(of.anew.on, of.measured, splits, of.stimuli, sampling, over)
    jackknife = _jackknife(of, plan)
    if jackknife is None:
        return stored(of.measured, splits, of.stimuli, sampling, over)
    n, measure = jackknife
    return left_out(_once(measure), of.measured, n, sampling, over)


def _once(measure: Callable[[Tensor], Measurement]) -> Callable[[Tensor], Measurement]:
    """The same, each sample measured once."""
    known: dict[bytes, Measurement] = {}

    def once(rows: Tensor) -> Measurement:
        key = rows.cpu().numpy().tobytes()
        if key not in known:
            known[key] = measure(rows)
        return known[key]

    return once


def _notes(of: Basis, plan: Plan, sampling: Sampling, sampled: Sampled) -> Iterator[str]:
    if plan.asked.intervals == "refit" and of.anew is None:
        yield "intervals: from the values of one fit: the network is not trained anew on other stimuli"
    if not sampled:
        yield f"no interval: {_lacking(of)}"
    elif plan.wants_stimuli and "stimulus" not in sampled:
        yield f"the interval is over {' and '.join(sampled)}s alone: {_lacking(of)}"
    if "neuroid" in sampled and of.target.subjects.pooled > 1:
        n = of.target.subjects.pooled
        yield f"the interval is of these {n} subjects: their neuroids are pooled, and drawn as independent"
    yield from _fewer(plan, sampling, sampled)


def _lacking(of: Basis) -> str:
    """Why stimuli are no sample, and what would make them one."""
    if isinstance(of.metric, _SLOW) or (isinstance(of.metric, FIT_NOTHING) and not of.target.splits):
        return f"{of.metric.name} takes long for each sample of stimuli; write {REFIT} to wait for it"
    if of.anew is None:
        return "the stimuli are split once; write several `splits`"
    if isinstance(of.metric, CustomMetric) and len(of.measured.values) > 1:
        return f"{of.metric.label} gives other splits than the benchmark's; write {REFIT}"
    return f"the stimuli are split once; write {REFIT}, or several `splits`"


def _fewer(plan: Plan, sampling: Sampling, sampled: Sampled) -> Iterator[str]:
    """Where there are fewer samples than the benchmark asks for, since they take long."""
    ways = {replicates.way for replicates in sampled.values()}
    asked = plan.asked
    if "bootstrap" in ways and sampling.replicates < asked.replicates:
        yield f"interval: {sampling.replicates} resamples, not {asked.replicates}, since each takes long"
    if "jackknife" in ways and sampling.groups < asked.groups:
        yield f"interval: {sampling.groups} groups of stimuli, not {asked.groups}, since each takes long"
