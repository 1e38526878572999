"""Contrasts: groups of networks compared, with effect sizes, and whether a conclusion depends on the unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from ...analysis.population.contrasts import Contrasted, Effect, Group, contrasted
from ...analysis.population.networks import networks
from ...analysis.population.twins import TWINS
from ...specs.contrasts import Contrast
from ...suite.contrasts import contrasts as asked_of
from ..evidence import Evidence
from ..figures.forests import Span, forests
from ..figures.phrases import counted, ends, number, p, slug
from ..parts import Figure, Section, Table

_MOST_SAID = 8
_HOW = (
    "Dots are means and differences of raw scores, lines their 95 % intervals. What is taken to vary is said"
    " with each: with networks as units an interval holds for networks of these kinds, with subjects or"
    " stimuli only for just these networks. p is corrected by Holm for all differences on one benchmark."
)
_EFFECTS = {
    "contrast": "Contrast",
    "benchmark": "Benchmark",
    "group": "Group",
    "against": "minus",
    "n": "n",
    "n_against": "n",
    "difference": "Difference",
    "low": "95 % from",
    "high": "to",
    "unit": "Unit",
    "p_corrected": "p, Holm",
    "g": "Hedges' g",
    "g_low": "g from",
    "g_high": "to",
}


def section(evidence: Evidence) -> Section | None:
    """A figure for each contrast that has networks on both sides; None where none has."""
    rows = [one.row for one in evidence.scored]
    asked = asked_of(_project(evidence), rows)
    among = networks(rows)
    found = contrasted(asked, among)
    if not _answered(found, "training"):
        asked = (*asked, TWINS)
        found = contrasted(asked, among)
    figures = [_figure(one, found) for one in asked if _answered(found, one.id)]
    if not figures:
        return None
    answered = [one for one in found.effects if one.difference is not None]
    says = [_HOW, *_overview(answered)]
    return Section("contrasts", "Contrasts of groups", [*figures, *_tables(found, answered)], says)


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
        yield (
            f"Of {counted(len(tested), 'difference')} with a p value {stand} stand at 5 % after Holm's"
            f" correction on each benchmark; {len(chosen) - len(tested)} more have no p value: the table of"
            " differences by unit says why."
        )


def _figure(contrast: Contrast, found: Contrasted) -> Figure:
    effects = _answered(found, contrast.id)
    groups = [one for one in found.groups if one.contrast == contrast.id and one.n]
    sizes = [one for one in found.effects if one.contrast == contrast.id and one.g is not None]
    panels = [
        *forests("Group means", "score", list(map(_mean, groups))),
        *forests("Differences", "difference of scores", list(map(_gap, effects)), zero=True),
        *forests("Standardised", "Hedges' g", list(map(_size, sizes)), zero=True),
    ]
    says = [_said(one, found, contrast) for one in effects]
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


def _gap(one: Effect) -> Span:
    named = f"{one.group} − {one.against} ({one.n}, {one.n_against})"
    return Span(named, one.benchmark, one.difference or 0.0, one.low, one.high)


def _size(one: Effect) -> Span:
    return Span(f"{one.group} − {one.against}", one.benchmark, one.g or 0.0, one.g_low, one.g_high)


def _said(one: Effect, found: Contrasted, contrast: Contrast) -> str:
    """The effect as a sentence that can be quoted, and whether its conclusion depends on the unit."""
    n = counted(one.n, "pair") if contrast.pairs else f"{one.n} and {one.n_against} networks"
    told = f"{one.benchmark}: {one.group} minus {one.against} {number(one.difference, '+')}"
    if one.finds is None:
        return f"{told} (n = {n}; {one.why or 'no interval'})."
    tested = (
        f", {p(one.p_corrected)} after Holm's correction of {one.corrected_for}" if one.p is not None else ""
    )
    interval = f"{ends(one.low, one.high, '+')} with {one.unit} as units, n = {n}{tested}"
    verdict = _verdict(one) if one.finds else "no evidence of a difference"
    return " ".join(
        part for part in (f"{told} ({interval}): {verdict}.", _g(one), _depends(one, found)) if part
    )


def _verdict(one: Effect) -> str:
    if one.p_corrected is not None and one.p_corrected >= 0.05:
        return "the interval leaves zero out, but not after correction"
    return f"{one.group} scores {'higher' if (one.difference or 0) > 0 else 'lower'}"


def _g(one: Effect) -> str:
    return (
        f"Hedges' g {number(one.g, '+', 2)}, {ends(one.g_low, one.g_high, '+', 2)}."
        if one.g is not None
        else ""
    )


def _depends(one: Effect, found: Contrasted) -> str:
    """The note of the analysis on this difference, where units do not agree."""
    start = f"{one.benchmark}, {one.contrast}: whether {one.group} and {one.against} differ "
    notes = [note for note in found.notes if note.startswith(start)]
    return f"It {notes[0].removeprefix(start).replace('-', '−')}." if notes else ""


def _tables(found: Contrasted, answered: Sequence[Effect]) -> Iterator[Table]:
    chosen = [asdict(one) for one in answered if one.chosen]
    yield Table("contrasts", "Differences of groups", chosen, _EFFECTS)
    units = [asdict(one) for one in answered]
    yield Table("contrasts-units", "Differences by unit", units, _EFFECTS, shown=False)
    groups = [{**asdict(one), "networks": " ".join(one.networks)} for one in found.groups if one.n]
    headings = {name: name for name in ("contrast", "benchmark", "group", "n", "mean", "low", "high")}
    yield Table("contrasts-groups", "Means of groups", groups, headings, shown=False)
