"""The profile in the terminal's table: a row per layer of a model."""

from __future__ import annotations

from pytest_brainscore.report.table import table
from pytest_brainscore.specs.results import Row


def row(benchmark: str, model: str, layer: str, raw: float | None = 0.5, ceiled: float | None = None) -> Row:
    status = "error" if raw is None else "scored"
    return Row(
        benchmark=benchmark, model=model, layer=layer, dataset="D", region="IT", metric="pls", status=status,
        raw=raw, ceiling=0.8, ceiled=ceiled, normalise="none" if ceiled is None else "r_over_ceiling",
    )  # fmt: skip


def test_a_model_in_several_layers_has_a_row_for_each_below_the_others():
    rows = [
        row("D.IT-pls", "a", "conv", 0.25, 0.5),
        row("D.IT-pls", "a", "relu", 0.5, 0.625),
        row("D.V4-pls", "a", "conv", None),
        row("D.V4-pls", "a", "relu", 0.125),
        row("D.V4-pls", "b", "conv", 0.75),
    ]
    assert list(table(rows, 60)) == [
        "           ceiling              b",
        "D.V4-pls     0.800          0.750",
        "              D.IT-pls       D.V4-pls",
        "ceiling          0.800          0.800",
        "a conv   0.250 → 0.500          error",
        "a relu   0.500 → 0.625          0.125",
    ]


def test_benchmarks_that_do_not_fit_follow_below():
    rows = [row(f"D.{region}-pls", "a", layer) for region in ("V1", "V2", "V4") for layer in ("x", "y")]
    lines = list(table(rows, 30))
    assert [line.split() for line in lines if "pls" in line] == [["D.V1-pls", "D.V2-pls"], ["D.V4-pls"]]
    assert sum(line.startswith("a x") for line in lines) == 2
