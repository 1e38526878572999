"""A survey of many networks as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..analysis.population.contrasts import Effect, Group
from ..analysis.population.correlates import Correlate
from ..analysis.population.likeness import Likeness
from ..analysis.population.survey import Survey
from ..analysis.statistics.rank_correlation import why_none
from ..specs.contrasts import Contrast

_NO_LIKENESS = "likeness of networks: no run left RDMs (crsa and versa do, with one split)"


def lines(survey: Survey, contrasts: Sequence[Contrast], every_note: bool = False) -> Iterator[str]:
    """Summaries, contrasts, correlates, agreement and likeness, and what a reader should know.

    every_note: also why contrasts have no difference, which of the shipped ones most may not.
    """
    answered = {one.contrast for one in survey.contrasts.effects if one.difference is not None}
    yield from _grid("networks", _summaries(survey))
    for contrast in (one for one in contrasts if one.id in answered):
        yield from _contrast(survey, contrast)
    yield from _correlates("rank correlation with", survey.correlates)
    yield from _correlates("rank correlation of benchmarks", survey.agreements)
    yield ""
    yield from (_likeness(one) for one in survey.likeness) if survey.likeness else (_NO_LIKENESS,)
    if silent := [one.id for one in contrasts if one.id not in answered]:
        yield f"no difference with networks on both sides: {', '.join(silent)}"
    skipped = () if every_note else tuple(f"{id}: " for id in silent)
    yield from (note for note in survey.contrasts.notes if not note.startswith(skipped))


def _contrast(survey: Survey, contrast: Contrast) -> Iterator[str]:
    groups = [one for one in survey.contrasts.groups if one.contrast == contrast.id and one.n]
    effects = [one for one in survey.contrasts.effects if one.contrast == contrast.id and one.chosen]
    paired = f"; pairs of the same {contrast.pairs}" if contrast.pairs else ""
    yield from ("", f"{contrast.id}: {contrast.title}{paired}")
    yield from _grid("mean", [("group", "n", "mean", "95 %"), *map(_group, groups)])
    yield from _grid("difference", [_EFFECT, *map(_effect, effects)])


_EFFECT = ("effect", "n", "difference", "95 %", "unit", "p", "Holm's p", "95 % of all together")


def _summaries(survey: Survey) -> Iterator[tuple[str, ...]]:
    yield "benchmark", "set", "n", "mean", "min", "max", "best", "within .1"
    for (benchmark, name), one in survey.summaries.items():
        numbers = (f"{x:.3f}" for x in (one.mean, one.low, one.high))
        yield benchmark, name, str(one.n), *numbers, one.best, str(one.near_best)


def _group(one: Group) -> tuple[str, ...]:
    return f"{one.benchmark} {one.group}", str(one.n), _number(one.mean), _ends(one.low, one.high)


def _effect(one: Effect) -> tuple[str, ...]:
    named = f"{one.benchmark} {one.group} - {one.against}", f"{one.n}, {one.n_against}"
    if one.difference is None:
        return *named, "-", one.why or ""
    shown = f"{one.difference:+z.3f}"
    if one.low is None:
        return *named, shown, f"none: {one.why}"
    p = "-" if one.p is None else _p(one.p)
    holm = "-" if one.p_corrected is None else f"{_p(one.p_corrected)} of {one.corrected_for}"
    holm = "too few to tell" if one.finds is None else holm
    ends = _ends(one.low, one.high, "+"), one.unit, p, holm, _ends(one.low_corrected, one.high_corrected, "+")
    return *named, shown, *ends


def _correlates(title: str, found: Mapping[str, Sequence[Correlate]]) -> Iterator[str]:
    rows = [
        (one.benchmark, one.of, name, str(one.n), _number(one.rho), _rank_ends(one, one.rho))
        for name, every in found.items()
        for one in every
        if one.rho is not None
    ]
    if rows:
        yield ""
        yield from _grid(title, [("benchmark", "with", "networks", "n", "rho", "95 %"), *rows])


def _rank_ends(one: Correlate, rho: float) -> str:
    return f"none: {why_none(rho, one.n)}" if one.low is None else _ends(one.low, one.high)


def _likeness(one: Likeness) -> str:
    import numpy as np

    r = one.matrix[np.triu_indices(len(one.models), 1)]
    r = r[np.isfinite(r)]
    ends = f"{r.mean():.3f} (sd {r.std():.3f}, {r.min():.3f} to {r.max():.3f})" if len(r) else "none"
    return f"likeness of {len(one.models)} networks by {one.benchmark}: mean r of their RDMs {ends}"


def _grid(title: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    every = list(rows)
    columns = max(map(len, every))
    filled = [(*row, *("",) * (columns - len(row))) for row in every]
    widths = [max(len(row[i]) for row in filled if "none: " not in row[i]) for i in range(columns)]
    yield f"{title}:" if title else ""
    for row in filled:
        yield ("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))).rstrip()


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:z.3f}"


def _ends(low: float | None, high: float | None, sign: str = "") -> str:
    return "-" if low is None or high is None else f"{low:{sign}z.3f} to {high:{sign}z.3f}"


def _p(value: float) -> str:
    return "<.0001" if value < 1e-4 else f"{value:.4f}"
