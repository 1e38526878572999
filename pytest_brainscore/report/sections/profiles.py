"""Profiles: scores layer by layer along the depth of networks, trained beside untrained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...analysis.population.contrasts import Effect
from ...analysis.population.depth import Curve, curves
from ...analysis.population.twins import Depths, Optimism, by_benchmark, depths, optimism, twins
from ..evidence import Evidence
from ..figures.curves import Drawn, architecture, grouping, panels, training
from ..figures.phrases import counted, difference, ends, number, p, slug
from ..parts import Figure, Section, Table

Effects = Mapping[str, Effect]
_SCORES = Drawn({"test": "test", "train": "training"}, "score")
_MOST_SAID = 8
_HOW = (
    "Relative depth is a layer's place in the order of calls over the number of layers. Of a pool the layer"
    " is chosen by its score on the training stimuli (dashed lines) and reported by that on the test stimuli"
    " (full lines); large marks are the chosen layers."
)
_LAYERS = {name: name for name in ("benchmark", "model", "layer", "depth", "test", "training", "chosen")}
_DEPTHS = {
    "benchmark": "Benchmark",
    "n_trained": "Trained",
    "trained": "Depth, trained",
    "n_untrained": "Untrained",
    "untrained": "Depth, untrained",
    "difference": "Score, trained − untrained",
    "low": "95 % from",
    "high": "to",
    "pairs": "Architectures",
}


def section(evidence: Evidence) -> Section | None:
    """A figure for each region; None where no network was scored in two layers or more."""
    rows = [one.row for one in evidence.scored]
    found = curves(rows)
    if not found:
        return None
    effects = by_benchmark(twins(rows))
    regions = dict.fromkeys(one.row.region for one in found)
    figures = [_figure(name, [one for one in found if one.row.region == name], effects) for name in regions]
    layers = Table("profiles", "All layers", list(_layers(found)), _LAYERS, shown=False)
    return Section("profiles", "Layer profiles", [*figures, _depths(found, effects), layers], [_HOW])


def _figure(region: str, found: Sequence[Curve], effects: Effects) -> Figure:
    by = grouping(found)
    many = len({one.row.model for one in found})
    drawn = "each network" if by is architecture else "medians and quartiles over networks"
    says = list(_says(found, effects))
    more = len(says) - _MOST_SAID
    return Figure(
        f"profiles-{slug(region)}",
        f"Layer profiles: {region}",
        list(panels(found, by, _SCORES)),
        f"Scores along relative depth of {counted(many, 'network')} in {region}: {drawn}, trained and"
        " untrained, on training and test stimuli.",
        [*says[:_MOST_SAID], *[f"{counted(more, 'further benchmark')}: see the table."] * (more > 0)],
    )


def _says(found: Sequence[Curve], effects: Effects) -> Iterator[str]:
    """What follows on each benchmark."""
    for benchmark, here in _by_benchmark(found).items():
        parts = [_twins(effects.get(benchmark), any(one.chosen.any() for one in here))]
        parts += [_places(depths(benchmark, here)), _optimism(optimism(benchmark, [one.row for one in here]))]
        yield f"{benchmark}: " + " ".join(part for part in parts if part)


def _twins(effect: Effect | None, chosen: bool) -> str:
    if not chosen:
        return "layers were named for the run and none was chosen, so that no score stands for a network."
    if effect is None:
        return "no architecture was scored both trained and untrained."
    told = f"trained minus untrained, at the chosen layers: {number(effect.difference, '+')}"
    if effect.finds is None:
        return f"{told} (one architecture, so no interval)."
    verdict = "trained networks score " + ("higher" if (effect.difference or 0) > 0 else "lower")
    interval = f"{ends(effect.low, effect.high, '+')}, {p(effect.p)}, n = {effect.n} architectures"
    return f"{told} ({interval}): {verdict if effect.finds else 'no evidence of a difference'}."


def _places(found: Depths) -> str:
    sides = ((found.trained, found.n_trained, "trained"), (found.untrained, found.n_untrained, "untrained"))
    told = [f"{number(x, digits=2)} ({n} {name})" for x, n, name in sides if x is not None]
    if not told:
        return ""
    apart = f"; mean difference {difference(found.difference, 2)}, {counted(found.pairs, 'architecture')}"
    apart = apart if found.pairs > 1 else ""
    return f"The chosen layers lie at a median relative depth of {' and '.join(told)}{apart}."


def _optimism(found: Optimism | None) -> str:
    if found is None:
        return ""
    interval = f"{ends(*found.difference.interval(), '+')}, " if found.difference else ""
    n = counted(found.n, "network")
    return f"Training minus test stimuli, chosen layers: {number(found.mean, '+')} ({interval}{n})."


def _depths(found: Sequence[Curve], effects: Effects) -> Table:
    rows = []
    for benchmark, here in _by_benchmark(found).items():
        at = depths(benchmark, here)
        sides = {name: getattr(at, name) for name in ("n_trained", "trained", "n_untrained", "untrained")}
        effect = effects.get(benchmark)
        told = {name: getattr(effect, name, None) for name in ("difference", "low", "high")}
        rows.append({"benchmark": benchmark, **sides, **told, "pairs": at.pairs})
    return Table("profiles-depths", "Chosen layers, trained and untrained", rows, _DEPTHS)


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
