"""Profiles: scores layer by layer along the depth of networks, trained beside untrained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...analysis.population.depth import Curve, Depths, curves, depths
from ...analysis.population.hypotheses import FEWEST
from ...analysis.population.optimism import Optimism, optimism
from ...analysis.population.twins import architecture
from ...analysis.statistics.numbers import counted, signed
from ..evidence import Evidence
from ..figures.curves import Drawn, grouping, panels, training
from ..figures.phrases import difference, shortest, slug
from ..parts import Figure, Section, Table

_SCORES = Drawn({"test": "test", "train": "training"}, "score")
_MOST_SAID = 8
_HOW = (
    "Relative depth is a layer's place in the order of calls over the number of layers. Of a pool the layer"
    " is chosen by its score on the training stimuli (dashed lines) and reported by that on the test stimuli"
    " (full lines); large marks are the chosen layers. Trained and untrained scores are compared under"
    " contrasts."
)
_SAID = (
    "Told of the chosen layers: median relative depth (its difference: mean over architectures with both),"
    f" and mean score over architectures. Brackets are 95 % t intervals, from {FEWEST} architectures on."
)
_LAYERS = {name: name for name in ("benchmark", "model", "layer", "depth", "test", "training", "chosen")}
_DEPTHS = {
    "benchmark": "Benchmark",
    "n_trained": "Trained",
    "trained": "Median depth, trained",
    "n_untrained": "Untrained",
    "untrained": "Median depth, untrained",
    "pairs": "Architectures with both",
    "apart": "Trained − untrained",
    "low": "95 % from",
    "high": "95 % to",
    "train": "Score, training stimuli",
    "test": "Score, test stimuli",
}


def section(evidence: Evidence) -> Section | None:
    """A figure for each region; None where no network was scored in two layers or more."""
    rows = [one.row for one in evidence.scored]
    found = curves(rows)
    if not found:
        return None
    short = shortest(one.row.benchmark for one in evidence.found)
    regions = dict.fromkeys(one.row.region for one in found)
    figures = [_figure(name, [one for one in found if one.row.region == name], short) for name in regions]
    layers = Table("profiles", "All layers", list(_layers(found)), _LAYERS, shown=False)
    return Section("profiles", "Layer profiles", [*figures, _depths(found), layers], [_HOW, _SAID])


def _figure(region: str, found: Sequence[Curve], short: Mapping[str, str]) -> Figure:
    by = grouping(found)
    many = len({one.row.model for one in found})
    drawn = "each network" if by is architecture else "medians and quartiles over networks"
    says = [f"{short[name]}: {_says(name, here)}." for name, here in _by_benchmark(found).items()]
    more = len(says) - _MOST_SAID
    return Figure(
        f"profiles-{slug(region)}",
        f"Layer profiles: {region}",
        list(panels(found, by, _SCORES)),
        f"Scores along relative depth of {counted(many, 'network')} in {region}: {drawn}, trained and"
        " untrained, on training and test stimuli.",
        [*says[:_MOST_SAID], *[f"{counted(more, 'further benchmark')}: see the table."] * (more > 0)],
    )


def _says(benchmark: str, here: Sequence[Curve]) -> str:
    """What follows on one benchmark; few architectures are told and not tested."""
    if not any(one.chosen.any() for one in here):
        return "layers were named for the run and none was chosen, so that no score stands for a network"
    at, gap = depths(benchmark, here), optimism(benchmark, [one.row for one in here])
    told = "; ".join(part for part in (_places(at), _optimism(gap)) if part)
    n = gap.architectures if gap else at.pairs
    return f"{told}; too few architectures ({n}) for a test" if 0 < n < FEWEST else told


def _places(found: Depths) -> str:
    sides = ((found.trained, found.n_trained, "trained"), (found.untrained, found.n_untrained, "untrained"))
    told = [f"{signed(x, 2)} ({n} {name})" for x, n, name in sides if x is not None]
    apart = difference(found.difference, found.apart, 2)
    return f"depth {', '.join(told)}" + (f", difference {apart}" if apart else "") if told else ""


def _optimism(found: Optimism | None) -> str:
    if found is None:
        return ""
    apart = difference(found.difference, found.train - found.test)
    return (
        f"score {signed(found.train)} on training, {signed(found.test)} on test stimuli, difference {apart}"
    )


def _depths(found: Sequence[Curve]) -> Table:
    rows = []
    for benchmark, here in _by_benchmark(found).items():
        at, gap = depths(benchmark, here), optimism(benchmark, [one.row for one in here])
        low, high = at.difference.interval() if at.difference else (None, None)
        sides = {key: getattr(at, key) for key in ("n_trained", "trained", "n_untrained", "untrained")}
        apart = {"pairs": at.pairs, "apart": at.apart, "low": low, "high": high}
        scores = {key: getattr(gap, key, None) for key in ("train", "test")}
        rows.append({"benchmark": benchmark, **sides, **apart, **scores})
    return Table("profiles-depths", "Depth of the chosen layers", rows, _DEPTHS)


def _by_benchmark(found: Sequence[Curve]) -> dict[str, list[Curve]]:
    grouped: dict[str, list[Curve]] = {}
    for one in found:
        grouped.setdefault(one.row.benchmark, []).append(one)
    return grouped


def _layers(found: Sequence[Curve]) -> Iterator[dict[str, Any]]:
    for one in found:
        said = {"benchmark": one.row.benchmark, "region": one.row.region, "model": one.row.model}
        for i, layer in enumerate(one.layers):
            place = {"trained": training(one.row), "layer": layer, "depth": float(one.depth[i])}
            scores = {"test": _plain(one.test[i]), "training": _plain(one.train[i])}
            yield {**said, **place, **scores, "chosen": float(one.chosen[i])}


def _plain(value: float) -> float | None:
    return float(value) if value == value else None
