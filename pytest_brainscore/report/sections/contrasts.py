"""Contrasts: groups of networks compared, with effect sizes, and whether a conclusion depends on the unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from ...analysis.population.contrasts import Contrasted, Effect, Group, contrasted
from ...analysis.population.hypotheses import FEWEST
from ...analysis.population.networks import networks
from ...analysis.population.twins import with_twins
from ...analysis.statistics.numbers import counted, estimate, p_value
from ...specs.contrasts import Contrast
from ...suite.contrasts import contrasts as asked_of
from ..evidence import Evidence
from ..figures.columns import common, telling
from ..figures.forests import Span, forests
from ..figures.phrases import shortest, slug
from ..parts import Figure, Section, Table

_MOST_SAID = 8
_MOST_LISTED = 3
"""Differences without an interval, in a sentence."""
_HOW = (
    "Differences of mean raw scores with their 95 % intervals; hollow dots have none. Networks are the units"
    " where nothing else is said: the interval holds for networks of these kinds. p is corrected by Holm for"
    " all tests on one benchmark; Hedges' g is in standard deviations between networks. Fewer than"
    f" {FEWEST} networks (or pairs) are not tested, and where no exchange of them could give p up to 0.05"
    " they are too few to tell."
)
_EFFECTS = {
    "contrast": "Contrast",
    "benchmark": "Benchmark",
    "group": "Group",
    "against": "minus",
    "networks": "Networks",
    "difference": "Difference",
    "low": "95 % from",
    "high": "95 % to",
    "unit": "Unit",
    "p_corrected": "p (Holm)",
    "g": "Hedges' g",
    "g_low": "g from",
    "g_high": "g to",
}
_ALWAYS = ("contrast", "benchmark", "group", "against", "difference")


def section(evidence: Evidence) -> Section | None:
    """A figure for each contrast that has networks on both sides; None where none has."""
    rows = [one.row for one in evidence.scored]
    among = networks(rows)
    asked = with_twins(asked_of(_project(evidence), rows), among)
    found = contrasted(asked, among, fewest=FEWEST)
    short = shortest(one.row.benchmark for one in evidence.found)
    figures = [_figure(one, found, short) for one in asked if _answered(found, one.id)]
    if not figures:
        return None
    answered = [one for one in found.effects if one.difference is not None]
    says = [_HOW, *_overview(answered)]
    return Section("contrasts", "Contrasts of groups", [*figures, *_tables(asked, found, answered)], says)


def _project(evidence: Evidence) -> Path:
    """The folder whose benchmarks/contrasts/ go before the shipped ones."""
    return evidence.benchmarks[0].parent if evidence.benchmarks else Path()


def _answered(found: Contrasted, id: str) -> list[Effect]:
    """The chosen effects of a contrast that have networks on both sides."""
    return [one for one in found.effects if one.contrast == id and one.chosen and one.difference is not None]


def _overview(answered: Sequence[Effect]) -> Iterator[str]:
    chosen = [one for one in answered if one.chosen]
    tested = [one for one in chosen if one.p_corrected is not None]
    if tested:
        stand = sum((one.p_corrected or 0) < 0.05 for one in tested)
        yield f"Of {counted(len(tested), 'tested difference')} {stand} stand at 5 % after correction."


def _figure(contrast: Contrast, found: Contrasted, short: Mapping[str, str]) -> Figure:
    effects = _answered(found, contrast.id)
    groups = [one for one in found.groups if one.contrast == contrast.id and one.n]
    sizes = [one for one in found.effects if one.contrast == contrast.id and one.g is not None]
    panels = [
        *forests("Group means", "score", list(map(_mean, groups))),
        *forests("Differences", "difference of scores", [_gap(one, contrast) for one in effects], zero=True),
        *forests("Standardised", "Hedges' g", list(map(_size, sizes)), zero=True),
    ]
    says = list(_says(contrast, effects, found, short))
    more = len(says) - _MOST_SAID
    return Figure(
        f"contrasts-{slug(contrast.id)}",
        contrast.title,
        panels,
        f"Means of the groups of the contrast {contrast.id}, their differences and Hedges' g, with 95 %"
        " intervals, by benchmark.",
        [*says[:_MOST_SAID], *[f"{counted(more, 'further difference')}: see the table."] * (more > 0)],
    )


def _mean(one: Group) -> Span:
    return Span(f"{one.group} (n = {one.n})", one.benchmark, one.mean or 0.0, one.low, one.high)


def _gap(one: Effect, contrast: Contrast) -> Span:
    n = counted(one.n, "pair") if contrast.pairs else f"{one.n}, {one.n_against}"
    named = f"{one.group} − {one.against} ({n})"
    return Span(named, one.benchmark, one.difference or 0.0, one.low, one.high)


def _size(one: Effect) -> Span:
    return Span(f"{one.group} − {one.against}", one.benchmark, one.g or 0.0, one.g_low, one.g_high)


def _says(
    contrast: Contrast, effects: Sequence[Effect], found: Contrasted, short: Mapping[str, str]
) -> Iterator[str]:
    """A line for each difference that was tested, and one for each reason why others were not."""
    for one in effects:
        if one.low is not None:
            yield f"{short[one.benchmark]}: {_tested(one, contrast, found)}"
    for why in dict.fromkeys(one.why for one in effects if one.low is None):
        some = [one for one in effects if one.low is None and one.why == why]
        listed = "; ".join(f"{short[one.benchmark]}: {_plain(one, found)}" for one in some)
        shown = listed if len(some) <= _MOST_LISTED else "The figure shows the differences"
        yield f"No interval: {why}. {shown}."


def _tested(one: Effect, contrast: Contrast, found: Contrasted) -> str:
    """The effect as a sentence that can be quoted, and whether its conclusion depends on the unit."""
    n = counted(one.n, "pair") if contrast.pairs else f"n = {one.n} and {one.n_against}"
    unit = "" if one.unit == "networks" else f", {one.unit} as units"
    tested = f", {p_value(one.p_corrected)}" if one.p_corrected is not None else ""
    told = f"{estimate(one.difference, one.low, one.high)}{tested}, {n}{unit}"
    parts = (f"{one.group} − {one.against} {told}: {_verdict(one)}.", _g(one), _depends(one, found))
    return " ".join(part for part in parts if part)


def _plain(one: Effect, found: Contrasted) -> str:
    """The difference and the two means, of what is too few for more."""
    means = {of.group: of.mean for of in found.groups if _of(of) == _of(one)}
    both = ", ".join(f"{name} {estimate(means.get(name))}" for name in (one.group, one.against))
    return f"difference {estimate(one.difference)} ({both})"


def _of(one: Group | Effect) -> tuple[str, str]:
    return one.contrast, one.benchmark


def _verdict(one: Effect) -> str:
    if one.finds is None:
        return f"too few to tell (p could not fall below {one.least_p or 1.0:.2g})"
    if not one.finds:
        return "no evidence of a difference"
    if one.p_corrected is not None and one.p_corrected >= 0.05:
        return "no evidence after correction"
    return f"{one.group} scores {'higher' if (one.difference or 0) > 0 else 'lower'}"


def _g(one: Effect) -> str:
    return f"g = {estimate(one.g, one.g_low, one.g_high, 2)}." if one.g is not None else ""


def _depends(one: Effect, found: Contrasted) -> str:
    """By which units the interval leaves zero out and by which not, where they do not agree.

    A bootstrap of a few subjects is not asked, as in the notes of the analysis.
    """
    asked = (one.group, one.against)
    of = [x for x in found.effects if _of(x) == _of(one) and (x.group, x.against) == asked]
    of = [x for x in of if x.finds is not None and x.unit != "subject_bootstrap"]
    yes, no = ([x.unit for x in of if x.finds is wanted] for wanted in (True, False))
    return f"By unit: found by {', '.join(yes)}; open by {', '.join(no)}." if yes and no else ""


def _tables(asked: Sequence[Contrast], found: Contrasted, answered: Sequence[Effect]) -> Iterator[Table]:
    paired = {one.id for one in asked if one.pairs}
    every = [(one, {**asdict(one), "networks": _networks(one, one.contrast in paired)}) for one in answered]
    chosen = [line for one, line in every if one.chosen]
    shared = common(chosen, _EFFECTS, _ALWAYS)
    columns = telling(chosen, _EFFECTS, _ALWAYS)
    yield Table("contrasts", "Differences of groups", chosen, columns, shared and f"All lines: {shared}.")
    yield Table("contrasts-units", "Differences by unit", [line for _, line in every], _EFFECTS, shown=False)
    groups = [{**asdict(one), "networks": " ".join(one.networks)} for one in found.groups if one.n]
    headings = {name: name for name in ("contrast", "benchmark", "group", "n", "mean", "low", "high")}
    yield Table("contrasts-groups", "Means of groups", groups, headings, shown=False)


def _networks(one: Effect, paired: bool) -> str:
    """How many of each group, by its name."""
    if paired:
        return counted(one.n, "pair")
    return f"{one.n} {one.group}, {one.n_against} {one.against}"
