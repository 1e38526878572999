"""Contrasts: groups of networks compared on each benchmark, with intervals and their correction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...specs.contrasts import Contrast, Unit
from ..statistics import estimates
from ..statistics.attainable import can_tell
from ..statistics.corrections import holm, level_of_each
from ..statistics.standardised import of_groups, of_pairs
from .members import Member, Sides, sort
from .networks import Network
from .units import UNITS, Answer, Lacking, Question, answer, least_p


@dataclass(frozen=True)
class Group:
    """A group on one benchmark: its mean over networks (or pairs), and that mean's 95 % t interval."""

    contrast: str
    benchmark: str
    group: str
    n: int
    mean: float | None
    low: float | None
    high: float | None
    networks: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """The mean of one group minus that of another, with the interval that goes with one unit.

    chosen: whether this unit is the one that the contrast asks for. low, high: 95 %. p: two-sided, None of
    bootstraps. p_corrected: Holm's. low_corrected, high_corrected: of intervals that hold together. Both are
    over the effects with chosen units on one benchmark that can tell. least_p: that so few could give; above
    0.05 they are too few to tell, and there is an interval and no verdict. why: there is no interval. g,
    g_low, g_high: Hedges' g and its 95 % interval, of the unit `networks` alone; of pairs in units of their
    differences' spread.
    """

    contrast: str
    benchmark: str
    group: str
    against: str
    unit: Unit
    chosen: bool
    n: int
    n_against: int
    difference: float | None
    low: float | None = None
    high: float | None = None
    df: float | None = None
    p: float | None = None
    p_corrected: float | None = None
    low_corrected: float | None = None
    high_corrected: float | None = None
    corrected_for: int | None = None
    least_p: float | None = None
    why: str | None = None
    g: float | None = None
    g_low: float | None = None
    g_high: float | None = None

    @property
    def finds(self) -> bool | None:
        """Whether the interval leaves zero out; None without one, and where they are too few to tell."""
        if self.low is None or self.high is None or self.least_p is None or not can_tell(self.least_p):
            return None
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Contrasted:
    """All contrasts on all benchmarks as tidy tables, and what a reader should know."""

    groups: tuple[Group, ...]
    effects: tuple[Effect, ...]
    notes: tuple[str, ...]


def contrasted(
    contrasts: Sequence[Contrast],
    networks: Mapping[str, Sequence[Network]],
    unit: Unit | None = None,
    fewest: int = 0,
) -> Contrasted:
    """Group means and effects of each contrast on each benchmark.

    networks: of each benchmark, as `networks` makes them of rows. unit: instead of the contrasts' own.
    fewest: networks of both groups together (or pairs) below which there is a difference and no interval.
    """
    found = [_on(benchmark, among, contrasts, unit, fewest) for benchmark, among in networks.items()]
    effects = tuple(effect for one in found for effect in one.effects)
    notes = [*(note for one in found for note in one.notes), *_dependences(effects)]
    groups = tuple(group for one in found for group in one.groups)
    return Contrasted(groups, effects, tuple(dict.fromkeys(notes)))


def _on(
    benchmark: str,
    networks: Sequence[Network],
    contrasts: Sequence[Contrast],
    unit: Unit | None,
    fewest: int,
) -> Contrasted:
    """The contrasts on one benchmark."""
    groups: list[Group] = []
    answered: list[tuple[Effect, Answer]] = []
    notes: list[str] = []
    for contrast in contrasts:
        sides, said = sort(contrast, networks)
        groups += [_group(contrast, benchmark, name, side, fewest) for name, side in sides.items()]
        answered += _effects(contrast, benchmark, sides, unit or contrast.interval, fewest)
        notes += [f"{contrast.id}: {note}" for note in said]
    return Contrasted(tuple(groups), tuple(_corrected(answered)), tuple(notes))


def _group(contrast: Contrast, benchmark: str, name: str, side: Sequence[Member], fewest: int) -> Group:
    scores = np.array([member.score for member in side])
    found = estimates.mean(scores) if len(scores) >= fewest else None
    low, high = found.interval() if found else (None, None)
    models = tuple(model for member in side for model in member.networks)
    mean = float(scores.mean()) if len(scores) else None
    return Group(contrast.id, benchmark, name, len(side), mean, low, high, models)


def _effects(
    contrast: Contrast, benchmark: str, sides: Sides, chosen: Unit, fewest: int
) -> Iterator[tuple[Effect, Answer]]:
    differences = contrast.differences(tuple(sides))
    compared = {name for pair in differences for name in pair}
    kept = {name: side for name, side in sides.items() if name in compared}
    for group, against in differences:
        question = Question(kept, group, against, contrast.pairs is not None)
        n, n_against = (len(side) for side in question.both)
        n_of = n if question.paired else n + n_against
        for unit in UNITS:
            found = answer(question, unit) if n_of >= fewest else _too_few(question, n_of)
            names = (contrast.id, benchmark, group, against, unit, unit == chosen)
            least = None if isinstance(found, Lacking) else least_p(question, unit)
            effect = Effect(*names, n, n_against, question.difference, least_p=least)
            effect = _with_interval(effect, found)
            yield _with_size(effect, question) if unit == "networks" and n_of >= fewest else effect, found


def _too_few(question: Question, n: int) -> Lacking:
    return Lacking(f"too few {'pairs' if question.paired else 'networks'} ({n}) for a test")


def _with_interval(effect: Effect, found: Answer) -> Effect:
    if isinstance(found, Lacking):
        return replace(effect, why=found.why)
    low, high = found.interval()
    return replace(effect, difference=found.value, low=low, high=high, df=found.df, p=found.p)


def _with_size(effect: Effect, question: Question) -> Effect:
    if effect.difference is None:
        return effect
    made = of_pairs if question.paired else of_groups
    found = made(*([member.score for member in side] for side in question.both))
    return replace(effect, g=found.g, g_low=found.low, g_high=found.high) if found else effect


def _corrected(answered: Sequence[tuple[Effect, Answer]]) -> Iterator[Effect]:
    """The effects of one benchmark; those of the chosen units are corrected for how many can tell.

    What can never be rejected takes nothing from the others: Tarone 1990, Biometrics 46:515.
    """
    family = [pair for pair in answered if pair[0].chosen and pair[0].finds is not None]
    adjusted = iter(holm([effect.p for effect, _ in family]))
    level = level_of_each(len(family))
    for effect, found in answered:
        if effect.chosen and effect.finds is not None and not isinstance(found, Lacking):
            low, high = found.interval(level)
            yield replace(
                effect,
                p_corrected=next(adjusted),
                low_corrected=low,
                high_corrected=high,
                corrected_for=len(family),
            )
        else:
            yield effect


def _dependences(effects: Sequence[Effect]) -> Iterator[str]:
    """A line for each effect that some units find and others do not.

    A bootstrap of a few subjects is not asked: of four its interval covers the truth in 80 % of all cases.
    """
    by_question: dict[tuple[str, str, str, str], list[Effect]] = {}
    for effect in effects:
        if effect.finds is not None and effect.unit != "subject_bootstrap":
            by_question.setdefault(
                (effect.benchmark, effect.contrast, effect.group, effect.against), []
            ).append(effect)
    for (benchmark, contrast, group, against), found in by_question.items():
        yes = [_told(effect) for effect in found if effect.finds]
        no = [_told(effect) for effect in found if not effect.finds]
        if yes and no:
            yield (
                f"{benchmark}, {contrast}: whether {group} and {against} differ depends on the unit: yes by"
                f" {', '.join(yes)}; open by {', '.join(no)}"
            )


def _told(effect: Effect) -> str:
    return f"{effect.unit} ({effect.low:+.3f} to {effect.high:+.3f})"
