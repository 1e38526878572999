"""Scores against dimensionality, and the power law of eigenvalues, where the answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pytest_brainscore.analysis.population.dimensions import dimensions, power_law, relations
from pytest_brainscore.specs.results import LayerScores, Row


def made(model, raw, plain, corrected, trained=True):
    """A network whose chosen layers are the two first of three."""
    profile = tuple(
        LayerScores(layer=name, train={}, test={}, dimensionality=p, dimensionality_corrected=c)
        for name, p, c in (("a", plain - 1, corrected), ("b", plain + 1, corrected), ("c", 900.0, None))
    )
    names = {"benchmark": "Own.IT-crsa", "dataset": "Own", "region": "IT", "metric": "crsa", "layer": "a, b"}
    about = {} if trained is None else {"trained": trained}
    layers = {"1": "a", "2": "b"}
    return Row(**names, model=model, status="scored", raw=raw, layers=layers, profile=profile, about=about)


def test_a_network_has_the_mean_over_its_chosen_layers():
    (one,) = dimensions([made("net", 0.4, 20.0, 30.0)])
    assert (one.plain, one.corrected, one.score, one.trained) == (20.0, 30.0, 0.4, True)
    (lacking,) = dimensions([made("net", 0.4, 20.0, None, trained=None)])
    assert (lacking.plain, lacking.corrected, lacking.trained) == (20.0, None, None)


def test_relations_are_spearman_s_by_set_so_that_training_alone_makes_none():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(2, 40))
    rows = [made(f"t{i}", 0.6 + noise[0, i] / 50, 100 + noise[1, i], None) for i in range(20)]
    rows += [made(f"u{i}", 0.1 + noise[0, i] / 50, 9 + noise[1, i], None, False) for i in range(20, 40)]
    found = {one.set: one for one in relations(dimensions(rows))}
    for name, some in {"all": rows, "trained": rows[:20], "untrained": rows[20:]}.items():
        pairs = [(row.raw, row.profile[0].dimensionality) for row in some]
        assert found[name].rho == pytest.approx(stats.spearmanr(*zip(*pairs, strict=True)).statistic)
        assert (found[name].n, found[name].of) == (len(some), "plain")
    assert found["all"].low > 0.5
    assert found["trained"].low < 0 < found["trained"].high


def test_ranks_that_all_agree_have_no_interval():
    found = relations(dimensions([made(f"n{i}", i / 10, 5.0 + i, 6.0 + i) for i in range(4)]))
    assert {(one.set, one.of) for one in found} == {
        (a, b) for a in ("all", "trained") for b in ("plain", "corrected")
    }
    assert [one.rho for one in found] == pytest.approx([1.0] * 4)
    assert {one.low for one in found} == {None}


def test_a_power_law_is_found_and_its_last_ranks_are_not_asked():
    ranks = np.arange(1, 201)
    values = 3.0 * ranks**-1.3
    values[:3] = 50.0
    values[120:] = 1e-9
    found = power_law(values)
    assert found.exponent == pytest.approx(1.3, abs=0.01)
    assert (found.first, found.last) == (4, 100)
    assert found.r2 == pytest.approx(1.0, abs=1e-4)
    assert power_law(values[:20]) is None


def test_five_networks_have_a_rank_correlation_and_no_interval():
    rows = [made(f"n{i}", (0.1, 0.3, 0.2, 0.4, 0.5, 0.6)[i], 5.0 + i, None) for i in range(6)]
    (few, *_) = relations(dimensions(rows[:5]))
    assert (few.n, few.low) == (5, None)
    assert few.rho == pytest.approx(0.9)
    (enough, *_) = relations(dimensions(rows))
    assert enough.low < enough.rho < enough.high
