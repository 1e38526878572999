"""Recoveries as text: a matrix per metric, its verdict, and curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...analysis.truth.verdicts import curve_said, label, matrix_said
from ...specs.recoveries import Curve, Matrix, Recoveries


def lines(found: Recoveries) -> Iterator[str]:
    """What was simulated, then each metric's matrix, and each curve."""
    made = f"{found.components} principal components" if found.components else "all units, as they are"
    yield (
        f"like {found.benchmark}: {found.stimuli} stimuli ({found.images} images), {found.neuroids} neuroids"
        f" of median reliability {found.reliability:.3f}, {found.repetitions} repetitions; neuroids combine"
        f" {made}; {found.seeds} simulations of each truth"
    )
    for matrix in found.matrices:
        yield from ("", f"{label(matrix)}: mean score, and in brackets how often the column wins", "")
        yield from _grid(_cells(matrix))
        yield from ("", *matrix_said(matrix))
    for curve in found.curves:
        yield from (
            "",
            f"{label(curve)}, over {curve.over}",
            "",
            *_grid(_points(curve)),
            "",
            curve_said(curve),
        )


def _cells(matrix: Matrix) -> list[list[str]]:
    """Columns are numbered as the rows are, so that four models fit beside each other."""
    rows = [["truth", "", *(str(i + 1) for i in range(len(matrix.layers)))]]
    for i, (model, layer) in enumerate(matrix.layers):
        cells = (_cell(matrix, i, j) for j in range(len(matrix.layers)))
        rows.append([f"{i + 1}", f"{model} {layer}", *cells])
    return rows


def _cell(matrix: Matrix, i: int, j: int) -> str:
    score, wins = matrix.scores[i][j], matrix.wins[i][j]
    text = "-" if score is None else f"{score:.2f}"
    tied = " tied" if j in matrix.tied[i] else ""
    return f"{text} ({wins})" if wins else text + tied


def _points(curve: Curve) -> list[list[str]]:
    rows = [[curve.over if curve.over != "noise" else "reliability", "layer found", "model found"]]
    for point in curve.points:
        model = "-" if point.models is None else f"{point.models}/{point.simulations}"
        rows.append([f"{point.size:g}", f"{point.layers}/{point.simulations}", model])
    return rows


def _grid(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(cells)).rstrip()
