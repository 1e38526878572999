"""Trends: scores against what is known of networks, by the layer that was scored, with the test in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ...analysis.population.hypotheses import FEWEST, Hypothesis, Trend, summed_up, too_few
from ...analysis.statistics.numbers import RHO, counted, estimate, listed, p_value
from ...specs.twins import asked_for
from .. import layers
from ..evidence import Evidence
from ..parts import Section, Table
from .columns import common, telling
from .phrases import shortest
from .tested import Tested, tested
from .trend_panels import Axis, figure_of

_FINDINGS = {
    "name": "benchmark",
    "layer": "layer",
    "set": "networks",
    "n": "n",
    "families": "families",
    "rho": f"{RHO} [95 %]",
    "slope": "slope [95 %]",
    "p": "p",
    "p_corrected": "p (Holm)",
    "fit": "fitted by",
}
_ALWAYS = ("name", "rho", "slope", "p")
_TESTS = {"layer": "layer", "set": "networks", "benchmark": "benchmark"}
"""Of the table in the files, which has all keys."""


def section_of(evidence: Evidence, of: Hypothesis, axis: Axis, title: str) -> Section | None:
    """A figure for the committed and one for the final layer, and a table of all tests.

    One sentence where no set of networks is large enough for a test; None where nothing is known of any.
    """
    both = [tested(choice(evidence), of) for choice in (layers.committed, layers.final)]
    found = _different(both)
    most = max(one.most for one in found)
    if not most:
        return None
    if not any(one.enough for one in found):
        return Section(axis.id, title, [], says=[f"Neither tested nor drawn: {too_few(most, of)}."])
    names = shortest(row.benchmark for row in evidence.rows)
    figures = [figure for one in found if (figure := figure_of(one, of, axis, names)) is not None]
    says = [_method(found, of), *_summaries(found, of), *_untested(found, of), *_lacking(both)]
    return Section(axis.id, title, [*figures, *_tables(found, of, axis, names)], says=says)


def _different(found: Sequence[Tested]) -> list[Tested]:
    """Without the final layer, where that is the committed one of all networks."""
    first, *others = found
    return [first, *(one for one in others if not one.same(first))]


# --- in words


def _method(found: Sequence[Tested], of: Hypothesis) -> str:
    """What all findings have in common, told once."""
    mixed = {trend.mixed for _, _, trend in _each(found) if trend.p is not None}
    least = "least squares over networks as independent"
    model = "a mixed model with an intercept for each family" if True in mixed else least
    some = f" (where it says so, {least})" if len(mixed) == 2 else ""
    return (
        f"Scores are raw. {RHO} is Spearman's and takes networks as independent; slopes are per {of.per}, by"
        f" {model}{some}. Brackets hold 95 % intervals. p is the slope's on that benchmark; findings"
        " are at Holm's p over the benchmarks of a layer and set."
    )


def _summaries(found: Sequence[Tested], of: Hypothesis) -> Iterator[str]:
    """What was found over all benchmarks, once for all layers and sets that agree."""
    said: dict[str, list[str]] = {}
    for one, name, results in _sets(found):
        if any(trend.p is not None for trend in results):
            said.setdefault(summed_up(results, of), []).append(f"{one.choice.title}, {name}")
    for summary, whose in said.items():
        yield f"{'; '.join(whose).capitalize()}: {summary}"


def _untested(found: Sequence[Tested], of: Hypothesis) -> Iterator[str]:
    """The sets with no test, and why, in one sentence."""
    left = [
        (f"{one.choice.title}, {name}", max(trend.n for trend in results))
        for one, name, results in _sets(found)
        if any(trend.n for trend in results) and all(trend.p is None for trend in results)
    ]
    if left:
        yield f"Not tested: {'; '.join(whose for whose, _ in left)} ({_why(max(n for _, n in left), of)})."


def _why(most: int, of: Hypothesis) -> str:
    few = most < FEWEST
    return too_few(most, of) if few else f"all have the same {of.noun}, or the same score"


def _lacking(found: Sequence[Tested]) -> Iterator[str]:
    """Where the final layer was not scored, the command that scores it."""
    own, last = (
        {(row.benchmark, row.model) for row in one.choice.rows if layers.IMPORTED not in row.digests}
        for one in found
    )
    missing = sorted({model for _, model in own - last})
    if missing:
        some = ",".join(map(asked_for, missing[:5])) + (",..." if len(missing) > 5 else "")
        yield (
            f"Of {counted(len(missing), 'network')} the final layer was not scored on every benchmark:"
            f" `python -m pytest --models={some} --brainscore-layers=final` scores it; name"
            " that run beside these."
        )


# --- tables


def _tables(found: Sequence[Tested], of: Hypothesis, axis: Axis, names: Mapping[str, str]) -> Iterator[Table]:
    """The tests that were made, as they are read; and all, with all their numbers, in the files."""
    shown = [_finding(one, set, trend, names) for one, set, trend in _each(found) if trend.p is not None]
    if shown:
        title = f"Tests: {of.claim}?"
        columns = telling(shown, _FINDINGS, _ALWAYS)
        yield Table(f"{axis.id}-findings", title, shown, columns, _notes(found, shown, names))
    every = [{"layer": one.choice.id, "set": set, **asdict(trend)} for one, set, trend in _each(found)]
    yield Table(f"{axis.id}-tests", "All numbers of the tests", every, _TESTS, shown=False)


def _finding(one: Tested, set: str, trend: Trend, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": names[trend.benchmark],
        "layer": one.choice.id,
        "set": set,
        "n": trend.n,
        "families": trend.families,
        "rho": estimate(trend.rho, trend.rho_low, trend.rho_high),
        "slope": estimate(trend.slope, trend.low, trend.high),
        "p": p_value(trend.p, name=""),
        "p_corrected": p_value(trend.p_corrected, name=""),
        "fit": "mixed model" if trend.mixed else "least squares",
    }


def _notes(found: Sequence[Tested], shown: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """What all lines share, and which benchmarks have no line, and why."""
    shared = common(shown, _FINDINGS, _ALWAYS)
    why: dict[str, list[str]] = {}
    for _, _, trend in _each(found):
        if trend.why and trend.n:
            why.setdefault(trend.why, []).append(names[trend.benchmark])
    reasons = [f"No test of {listed(list(dict.fromkeys(of)))}: {reason}." for reason, of in why.items()]
    return " ".join([*([f"All lines: {shared}."] if shared else []), *reasons])


def _sets(found: Sequence[Tested]) -> Iterator[tuple[Tested, str, tuple[Trend, ...]]]:
    for one in found:
        for name, results in one.trends.items():
            yield one, name, results


def _each(found: Sequence[Tested]) -> Iterator[tuple[Tested, str, Trend]]:
    for one, name, results in _sets(found):
        for trend in results:
            yield one, name, trend
