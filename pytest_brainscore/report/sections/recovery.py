"""Recovery: which metrics find the layer that recordings were made from, and from how many stimuli on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...analysis.statistics.proportions import within
from ...analysis.truth.verdicts import biased, cases, curve_said, finds, label, matrix_said, percent, share
from ...specs.recoveries import ENOUGH, NEAR_ZERO, Curve, Matrix, Recoveries, read_recoveries
from ..evidence import Evidence
from ..figures.matrices import Cell, grid, power_panel
from ..parts import Figure, Section, Table

PATTERN = "recovery*.json"
"""Documents beside a run's results that belong to it."""
_TIED = "tied"
_TIES = f'"{_TIED}": no nonlinearity separates the column from the true layer, so that it does not compete.'
_FEW = 7
"""Layers of which one panel holds all."""
_WHAT = {"stimuli": "number of stimuli", "neuroids": "number of neuroids", "noise": "reliability of the data"}
_SUMMARY = {
    "metric": "metric",
    "like": "recordings like",
    "read": "neuroids combine",
    "share": "true layer found",
    "low": "low",
    "high": "high",
    "models": "true model found",
    "independent": "independent features",
    "shuffled": "stimuli shuffled",
    "stimuli": "stimuli for 80 %",
}
_SCORES = {name: name for name in ("metric", "truth", "scored", "score", "wins", "tied")}


def section(evidence: Evidence) -> Section | None:
    """Matrices and power curves of all documents of `recover --benchmark`; None without any."""
    found = [read_recoveries(path) for path in documents(evidence)]
    if not found:
        return None
    figures = [figure for i, one in enumerate(found, 1) for figure in _figures(one, i)]
    rows = [row for one in found for row in _summary(one, found)]
    says = (
        "A layer of a network stands in the place of the brain, with the noise of a benchmark's own"
        " recordings, and each metric scores the layers of all networks. A metric that can be trusted there"
        " finds the layer that the recordings were made from. These recordings are simulated."
    )
    summary = [Table("recovery", "How often the truth is found", rows, _SUMMARY)] if rows else []
    return Section("recovery", "Known truth", [*summary, *figures], [says, *_verdicts(found)])


def documents(evidence: Evidence) -> tuple[Path, ...]:
    """The documents that are named, and those beside the runs, each once."""
    beside = [path for part in evidence.parts for path in sorted(part.file.absolute().parent.glob(PATTERN))]
    return tuple(dict.fromkeys([*(path.absolute() for path in evidence.recoveries), *beside]))


def _verdicts(found: Sequence[Recoveries]) -> Iterator[str]:
    """Per document which metrics recover the layer, find it, do not, or are known too little of."""
    enough = f"in at least {percent(ENOUGH)} of simulations"
    for one in found:
        where = f"On recordings like {one.benchmark} ({one.stimuli} stimuli; neuroids combine {_read(one)})"
        for said, some in _groups(one, enough):
            if some:
                yield f"{where}, {said} {', '.join(map(_shared, some))}."
        for matrix in one.matrices:
            if not matrix.controlled:
                yield f"{where}, {label(matrix)} {biased(matrix)}."


def _groups(one: Recoveries, enough: str) -> Iterator[tuple[str, list[Matrix]]]:
    surely = [m for m in one.matrices if finds(m)]
    near = f"with controls within {NEAR_ZERO:g} of 0"
    yield f"the true layer is recovered ({enough}, {near}) by", [m for m in surely if m.controlled]
    yield f"the true layer is found {enough}, but not recovered, by", [m for m in surely if not m.controlled]
    yield f"simulations are too few to say whether it is found {enough} by", _by(one, None)
    yield "the true layer is found less often by", _by(one, False)


def _by(one: Recoveries, found: bool | None) -> list[Matrix]:
    return [matrix for matrix in one.matrices if finds(matrix) is found]


def _shared(matrix: Matrix) -> str:
    low, high = within(sum(matrix.found), cases(matrix))
    found = percent(sum(matrix.found) / cases(matrix))
    return f"{label(matrix)} ({found}, 95 % interval {percent(low)} to {percent(high)})"


def _read(one: Recoveries) -> str:
    if one.components is None:
        return "all units as they are, which keeps the layer's geometry"
    return f"{one.components} principal components of equal weight, which changes the layer's geometry"


def _summary(one: Recoveries, every: Sequence[Recoveries]) -> Iterator[dict[str, Any]]:
    """A line for each matrix, with what a curve of the same metric on such recordings says."""
    alike = [o for o in every if (o.benchmark, o.components) == (one.benchmark, one.components)]
    by_label = {label(c): c for other in alike for c in other.curves if c.over == "stimuli"}
    for matrix in one.matrices:
        count, of, curve = sum(matrix.found), cases(matrix), by_label.get(label(matrix))
        low, high = within(count, of)
        yield {
            "metric": label(matrix),
            "like": f"{one.benchmark} ({one.stimuli} stimuli)",
            "read": f"{one.components} components" if one.components else "units",
            "share": round(count / of, 3),
            "low": round(low, 3),
            "high": round(high, 3),
            "independent": _rounded(matrix.controls[0]),
            "shuffled": _rounded(matrix.controls[1]),
            "models": None if matrix.models is None else round(sum(matrix.models) / of, 3),
            "stimuli": _enough(curve),
        }


def _rounded(mean: float | None) -> float | None:
    return None if mean is None else round(mean, 3)


def _enough(curve: Curve | None) -> str | None:
    """In words, since a number alone could not say that the range ended first."""
    if curve is None:
        return None
    return f"not up to {curve.points[-1].size:g}" if curve.enough is None else f"{curve.enough:g}"


def _figures(one: Recoveries, number: int) -> Iterator[Figure]:
    for i, matrix in enumerate(one.matrices, 1):
        yield _matrix_figure(one, matrix, f"recovery-{number}-{i}")
    if one.curves:
        yield _power_figure(one, f"recovery-{number}-power")


def _matrix_figure(one: Recoveries, matrix: Matrix, id: str) -> Figure:
    models = list(dict.fromkeys(model for model, _ in matrix.layers))
    if len(matrix.layers) <= _FEW:
        panels = [_layers_panel(matrix, list(range(len(matrix.layers))), "all layers")]
    else:
        own = [[i for i, (of, _) in enumerate(matrix.layers) if of == model] for model in models]
        panels = [_models_panel(matrix, models)] if len(models) > 1 else []
        panels += [_layers_panel(matrix, rows, model) for rows, model in zip(own, models, strict=True)]
    words = (
        f"{len(panels)} heat maps of {label(matrix)}: a row for each true layer, a column for each scored"
        f" one; {share(sum(matrix.found), cases(matrix))} are won by the true layer"
    )
    table = Table(f"{id}-scores", f"Scores of {label(matrix)}", list(_cells(matrix)), _SCORES, shown=False)
    title = f"{label(matrix)}, on recordings like {one.benchmark}, neuroids combining {_short(one)}"
    says = [*matrix_said(matrix), "A frame marks the column that wins most of a row's simulations."]
    if any(matrix.tied):
        says.append(_TIES if len(matrix.layers) <= _FEW else _TIES + " Ties across models are in the table.")
    return Figure(id, title, panels, words, says, table)


def _short(one: Recoveries) -> str:
    return f"{one.components} principal components" if one.components else "units as they are"


def _models_panel(matrix: Matrix, models: Sequence[str]) -> Any:
    """How often a layer of each model wins, by true model."""
    cells, number = [], {model: str(i) for i, model in enumerate(models, 1)}
    for truth in models:
        rows = [i for i, (of, _) in enumerate(matrix.layers) if of == truth]
        won = {m: sum(matrix.wins[i][j] for i in rows for j in _of(matrix, m)) for m in models}
        for scored, count in won.items():
            value = count / (matrix.simulations * len(rows))
            most = count == max(won.values()) > 0
            cells.append(Cell(number[truth], number[scored], value, percent(value), most))
    return grid(cells, "models: share of wins", [f"{i} {model}" for model, i in number.items()], (0.0, 1.0))


def _layers_panel(matrix: Matrix, rows: Sequence[int], title: str) -> Any:
    """Mean scores among some layers; they are numbered, and the subtitle says which they are."""
    several = len({matrix.layers[i][0] for i in rows}) > 1
    cells = []
    for number, i in enumerate(rows, 1):
        most = max(matrix.wins[i])
        for other, j in enumerate(rows, 1):
            score = matrix.scores[i][j]
            text = "" if score is None else f"{score:.2f}".replace("0.", ".", 1)
            text += f"\n{_TIED}" if j in matrix.tied[i] else ""
            cells.append(Cell(str(number), str(other), score, text, matrix.wins[i][j] == most > 0))
    names = [" ".join(matrix.layers[i]) if several else matrix.layers[i][1] for i in rows]
    said = [f"{number} {name}" for number, name in enumerate(names, 1)]
    values = [score for row in matrix.scores for score in row if score is not None]
    return grid(cells, f"{title}: mean score", said, (min(0.0, *values), max(values)))


def _of(matrix: Matrix, model: str) -> list[int]:
    return [j for j, (of, _) in enumerate(matrix.layers) if of == model]


def _cells(matrix: Matrix) -> Iterator[dict[str, Any]]:
    for i, truth in enumerate(matrix.layers):
        for j, scored in enumerate(matrix.layers):
            found = {"score": matrix.scores[i][j], "wins": matrix.wins[i][j], "tied": j in matrix.tied[i]}
            yield {"metric": label(matrix), "truth": " ".join(truth), "scored": " ".join(scored), **found}


def _power_figure(one: Recoveries, id: str) -> Figure:
    rows = [row for curve in one.curves for row in _points(curve)]
    panels = [
        power_panel(list(_points(curve)), label(curve), _WHAT[curve.over], curve.over != "noise")
        for curve in one.curves
    ]
    words = (
        f"{len(panels)} curves of the share of simulations in which the true layer, and the true model, are"
        " found, with a line at 80 per cent"
    )
    columns = {
        "metric": "metric",
        "size": "size",
        "of": "found",
        "share": "share",
        "low": "low",
        "high": "high",
    }
    table = Table(f"{id}-points", "Power", rows, columns, shown=False)
    images = "the benchmark's own images" if one.images == "own" else "rendered images"
    title = f"Power on recordings like {one.benchmark} ({images})"
    return Figure(id, title, panels, words, list(map(curve_said, one.curves)), table)


def _points(curve: Curve) -> Iterator[dict[str, Any]]:
    for point in curve.points:
        counts = {"layer": point.layers} | ({} if point.models is None else {"model": point.models})
        for of, count in counts.items():
            low, high = within(count, point.simulations)
            found = {"share": count / point.simulations, "low": low, "high": high}
            yield {"metric": label(curve), "size": point.size, "of": f"true {of}", **found}
