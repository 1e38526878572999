"""Eigenvalues: how the variances of layers fall with their rank, drawn and told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Literal

import altair as alt
import numpy as np

from ...analysis.population.dimensions import PowerLaw, power_law
from ...analysis.population.twins import architecture
from ...analysis.statistics.numbers import counted
from ..parts import Figure, Table
from ..spectra import Spectrum, shown
from .charts import COLOURS, MOST_PANELS, SHAPES, inline, themed, titled
from .curves import TRAINED, UNKNOWN, UNTRAINED, training

_MOST_LINES, _RANKS, _APART = 8, 60, 12
_GROUPS = (TRAINED, UNTRAINED, UNKNOWN)
_HOW = "Exponents a of eigenvalues that fall as 1 / rankᵃ: medians over networks, and the least and largest."
_EXPONENTS = {name: name for name in ("dataset", "model", "layer", "exponent", "first", "last", "r2")}


def figure(found: Sequence[Spectrum]) -> Figure:
    """A panel for each set of stimuli, and the exponents in words."""
    stimuli = dict.fromkeys(shown(one.row) for one in found)
    laws = [(one, power_law(one.eigenvalues)) for one in found]
    return Figure(
        "dimensionality-eigenvalues",
        "Eigenvalues of the chosen layer",
        [_fall([one for one in found if shown(one.row) == key]) for key in list(stimuli)[:MOST_PANELS]],
        "Share of the variance along each principal component of the chosen layer by rank, both logarithmic.",
        [_HOW, *_laws(laws)][:_MOST_LINES],
        Table(
            "eigenvalues", "Exponents of eigenvalues", [_line(*one) for one in laws], _EXPONENTS, shown=False
        ),
    )


def _line(one: Spectrum, law: PowerLaw | None) -> dict[str, Any]:
    told = asdict(law) if law else dict.fromkeys(("exponent", "first", "last", "r2"))
    return {"dataset": one.row.dataset, "model": one.row.model, "layer": one.layer, **told}


def _laws(laws: Sequence[tuple[Spectrum, PowerLaw | None]]) -> Iterator[str]:
    """The exponents on each set of stimuli, trained and untrained networks beside each other."""
    for key in dict.fromkeys(shown(one.row) for one, _ in laws):
        here = [(one.row, law) for one, law in laws if law and shown(one.row) == key]
        some = [(name, [law for row, law in here if training(row) == name]) for name in _GROUPS]
        told = [_law(name, of) for name, of in some if of]
        if told:
            ranks = f"ranks {here[0][1].first} to {max(law.last for _, law in here)}"
            yield f"{here[0][0].dataset}, {ranks}: {'; '.join(told)}."


def _law(group: str, laws: Sequence[PowerLaw]) -> str:
    values = sorted(law.exponent for law in laws)
    span = f" ({values[0]:.2f} to {values[-1]:.2f})" if len(values) > 1 else ""
    return f"{np.median(values):.2f}{span} in {counted(len(values), f'{group} network')}"


def _fall(found: Sequence[Spectrum]) -> alt.LayerChart:
    """A line for each network of few; of many the median of each kind, and a band between the quartiles."""
    few = len(found) <= _MOST_LINES
    groups = [name for name in _GROUPS if any(training(one.row) == name for one in found)]
    points = list(_singles(found) if few else _typical(found, groups))
    scale = alt.Scale(domain=groups, range=list(COLOURS[: len(groups)]))
    colour = alt.Color("group:N", scale=scale, legend=_legend(groups, "bottom"))
    x, y = (
        _log("rank:Q", alt.X, "rank of the component", "~s"),
        _log("value:Q", alt.Y, "share of variance", "~e"),
    )
    lines = alt.Chart(inline(points)).mark_line(strokeWidth=1.8).encode(x, y, colour, detail="model:N")
    layers = [lines, _marks(points, x, y, colour)] if few else [_area(points, x, colour), lines]
    title = titled(found[0].row.dataset, counted(len(found), "network"))
    return themed(alt.LayerChart(layer=layers, title=title))


def _log(field: str, axis: type[Any], title: str, format: str) -> Any:
    ticks = alt.Axis(tickCount=4, format=format)
    return axis(field, title=title, scale=alt.Scale(type="log", nice=False), axis=ticks)


def _area(points: Sequence[dict[str, Any]], x: alt.X, colour: alt.Color) -> alt.Chart:
    y = _log("low:Q", alt.Y, "share of variance", "~e")
    made: alt.Chart = alt.Chart(inline(points)).mark_area(opacity=0.25).encode(x, y, alt.Y2("high:Q"), colour)
    return made


def _marks(points: Sequence[dict[str, Any]], x: alt.X, y: alt.Y, colour: alt.Color) -> alt.Chart:
    """A few marks on each line, which tell architectures apart."""
    ranks = sorted({point["rank"] for point in points})[::_APART]
    networks = list(dict.fromkeys(point["architecture"] for point in points))
    scale = alt.Scale(domain=networks, range=[SHAPES[i % len(SHAPES)] for i in range(len(networks))])
    shape = alt.Shape("architecture:N", scale=scale, legend=_legend(networks, "top"))
    some = alt.Chart(inline([point for point in points if point["rank"] in ranks]))
    made: alt.Chart = some.mark_point(filled=True, size=36).encode(x, y, colour, shape)
    return made


def _legend(names: Sequence[str], orient: Literal["top", "bottom"]) -> alt.Legend | None:
    return alt.Legend(title=None, orient=orient, columns=2) if len(names) > 1 else None


def _ranks(count: int) -> np.ndarray:
    """Ranks from 1 to count in equal steps of their logarithms, each once."""
    return np.unique(np.round(np.geomspace(1, count, _RANKS)).astype(int))


def _shares(one: Spectrum) -> np.ndarray:
    shares: np.ndarray = one.eigenvalues / one.eigenvalues.sum()
    return shares


def _singles(found: Sequence[Spectrum]) -> Iterator[dict[str, Any]]:
    for one in found:
        shares = _shares(one)
        said = {"model": one.row.model, "architecture": architecture(one.row), "group": training(one.row)}
        for rank in _ranks(len(shares)).tolist():
            yield {**said, "rank": rank, "value": float(f"{shares[rank - 1]:.4g}")}


def _typical(found: Sequence[Spectrum], groups: Sequence[str]) -> Iterator[dict[str, Any]]:
    for group in groups:
        some = [_shares(one) for one in found if training(one.row) == group]
        for rank in _ranks(min(map(len, some))).tolist():
            low, median, high = np.percentile([shares[rank - 1] for shares in some], [25, 50, 75]).tolist()
            yield {"model": group, "group": group, "rank": rank, "low": low, "value": median, "high": high}
