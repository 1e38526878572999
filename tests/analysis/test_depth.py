"""Curves along depth, bands over networks, chosen layers and optimism, on rows whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_brainscore.analysis.population.depth import GRID, band, curves, depths
from pytest_brainscore.analysis.population.optimism import optimism
from pytest_brainscore.specs.results import LayerScores, Row

NAMES = ("a", "b", "c", "d")


def pool(model, scores, chosen, trained=True, architecture=None, **said):
    """A row whose pool has two subjects, the second 0.1 above the first; training is 0.2 above test."""
    profile = tuple(
        LayerScores(
            layer=name,
            train={"1": x + 0.2, "2": x + 0.3},
            test={"1": x, "2": x + 0.1},
            dimensionality=10.0 + i,
        )
        for i, (name, x) in enumerate(zip(NAMES, scores, strict=False))
    )
    raw = float(np.mean([scores[NAMES.index(name)] for name in chosen])) + 0.05
    about = {"trained": trained, "architecture": architecture or model}
    layers = dict(zip(("1", "2"), chosen, strict=False)) if len(chosen) > 1 else {}
    whole = {
        "dataset": "Own",
        "region": "IT",
        "metric": "crsa",
        "status": "scored",
        "also": {"train": raw + 0.2},
    }
    names = {"benchmark": "Own.IT-crsa", "model": model, "layer": ", ".join(chosen), "layers": layers}
    return Row(**whole, **names, about=about, profile=profile, raw=raw, **said)


def named(model, layer, raw, own=False):
    node = f"own.yaml::IT::{model}" + ("" if own else f"::{layer}")
    names = {"benchmark": "Own.IT-pls", "model": model, "layer": layer, "node": node}
    return Row(**names, raw=raw, dataset="Own", region="IT", metric="pls", status="scored")


def test_a_pool_is_a_curve_of_means_over_subjects():
    (one,) = curves([pool("net", (0.1, 0.4, 0.2, 0.0), ("b", "c"))])
    assert one.depth.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert one.test == pytest.approx([0.15, 0.45, 0.25, 0.05])
    assert one.train == pytest.approx([0.35, 0.65, 0.45, 0.25])
    assert one.dimensionality.tolist() == [10, 11, 12, 13]
    assert np.isnan(one.corrected).all()
    assert one.chosen.tolist() == [0, 0.5, 0.5, 0]
    assert one.chosen_depth == pytest.approx(0.625)


def test_rows_of_several_named_layers_are_a_curve_and_one_row_is_none():
    rows = [named("net", "a", 0.1), named("net", "b", 0.3, own=True), named("other", "a", 0.2)]
    (one,) = curves(rows)
    assert (one.row.model, one.layers, one.pool) == ("net", ("a", "b"), False)
    assert one.test.tolist() == [0.1, 0.3]
    assert one.chosen_depth == 1.0
    assert curves([pool("net", (0.1,), ("a",))]) == ()


def test_a_band_is_the_quartiles_over_networks_on_one_grid():
    rising = [pool(f"net{i}", tuple(i + x for x in (0.25, 0.5, 0.75, 1.0)), ("a",)) for i in range(5)]
    found = band(curves(rising), "test")
    assert found.n == 5
    expected = np.maximum(GRID, 0.25) + 0.05
    assert found.median == pytest.approx(2 + expected)
    assert found.low == pytest.approx(1 + expected)
    assert found.high == pytest.approx(3 + expected)
    assert band(curves(rising), "corrected").n == 0


TWO = [
    pool("p", (0.1, 0.2, 0.3, 0.5), ("d",), architecture="p"),
    pool("p0", (0.2, 0.1, 0.1, 0.1), ("a",), trained=False, architecture="p"),
    pool("q", (0.1, 0.2, 0.6, 0.5), ("c",), architecture="q"),
    pool("q0", (0.1, 0.2, 0.1, 0.1), ("b",), trained=False, architecture="q"),
]


def test_depths_of_chosen_layers_and_what_choosing_adds():
    found = depths("Own.IT-crsa", curves(TWO))
    assert (found.trained, found.untrained, found.pairs) == (0.875, 0.375, 2)
    assert found.apart == pytest.approx(0.5)
    gap = optimism("Own.IT-crsa", TWO)
    assert (gap.architectures, gap.train - gap.test) == (2, pytest.approx(0.2))
    assert optimism("Own.IT-pls", [named("net", "a", 0.1)]) is None


def many(n):
    """Twins of n architectures; what choosing adds is 0.1 i in both twins of architecture i."""
    for i in range(n):
        for trained in (True, False):
            of = pool(f"net{i}{trained}", (0.1, 0.5), ("b",) if trained else ("a",), trained, f"net{i}")
            yield of.model_copy(update={"raw": 0.5, "also": {"train": 0.5 + i / 10}})


def test_twins_are_no_independent_samples_and_four_architectures_too_few():
    assert optimism("Own.IT-crsa", list(many(4))).difference is None
    assert depths("Own.IT-crsa", curves(list(many(4)))).difference is None
    gap = optimism("Own.IT-crsa", list(many(5)))
    assert (gap.architectures, gap.difference.df) == (5, 4)
    assert gap.difference.value == pytest.approx(0.2)
    assert gap.difference.se == pytest.approx(np.std(np.arange(5) / 10, ddof=1) / 5**0.5)
    assert depths("Own.IT-crsa", curves(list(many(5)))).difference.df == 4
