"""Replicates of measurements: stored, on other splits, of stimuli left out, of drawn ones; and the null."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from pytest_brainscore.errors import MetricError
from pytest_brainscore.inference.bootstrap import bootstrapped, two_factors
from pytest_brainscore.inference.left_out import jackknifed, left_out
from pytest_brainscore.inference.members import JOINT
from pytest_brainscore.inference.one_factor import variance_of
from pytest_brainscore.inference.permutation import null
from pytest_brainscore.inference.resplit import resplit
from pytest_brainscore.inference.sampling import Sampling, without
from pytest_brainscore.inference.stored import stored
from pytest_brainscore.metrics.measurement import Measurement
from pytest_brainscore.metrics.predictivity import ridge
from pytest_brainscore.metrics.splits import Split, alternate, kept, shuffle
from tests.strategies import normal, related

KEYED = Sampling("a benchmark", replicates=120, groups=6)
SPLITS = shuffle(30, n_splits=4, train=0.8)


def measured(**more) -> Measurement:
    return Measurement(normal(0, 4, 9), **more)


def test_stored_splits_are_the_scores_of_splits():
    found = stored(measured(), SPLITS, 30, KEYED)["stimulus"]
    assert found.values == pytest.approx(np.median(normal(0, 4, 9), axis=1))
    overlap = np.mean([len({*a.test.tolist()} & {*b.test.tolist()}) / 6 for a, b in combinations(SPLITS, 2)])
    assert found.shared.ratio == pytest.approx(overlap / (1 - overlap) + 0.25 * 6 / 24)
    assert (found.way, found.count, found.refit) == ("splits", 30, False)


def test_splits_that_test_the_same_stimuli_are_no_sample_of_these():
    same = [Split(torch.arange(i, 20), torch.arange(20, 30)) for i in range(4)]
    assert set(stored(measured(), same, 30, KEYED)) == {"neuroid"}


def test_a_bootstrap_of_medians_has_fewer_degrees_of_freedom():
    of_medians, of_means = (
        stored(measured(centre=centre), SPLITS, 30, KEYED)["neuroid"] for centre in ("median", "mean")
    )
    assert (variance_of(of_medians).df, variance_of(of_means).df) == (2 * 9**0.5, 8)


@pytest.mark.parametrize("n_splits", [1, 2])
def test_other_splits_say_how_a_score_of_few_splits_varies(n_splits):
    x, y = related(0, 30, 5, 4, noise=1.0)
    own = shuffle(30, n_splits=n_splits, train=0.7)
    found = resplit(lambda split: ridge(x, y, [split]), ridge(x, y, own), own, 30, KEYED)
    drawn = [Split(order[:21], order[21:]) for order in KEYED.orders(30, 6)]
    stimuli = found["stimulus"]
    assert stimuli.values == pytest.approx(ridge(x, y, drawn).per_split().numpy())
    assert (stimuli.refit, stimuli.shared.of, variance_of(stimuli).df) == (True, n_splits, 5)
    spread, line = stimuli.values.var(ddof=1), stimuli.shared.line.var(ddof=1)
    assert variance_of(stimuli).value == pytest.approx(spread / n_splits + stimuli.shared.ratio * line)
    neuroids = stored(ridge(x, y, own), own, 30, KEYED)["neuroid"]
    assert found["neuroid"].values == pytest.approx(neuroids.values)
    assert found["both"].values.shape == found["both"].shared.line.shape == (JOINT * 6,)


def test_of_units_other_splits_have_their_scores():
    """The best layer of each split may have other units."""
    own, many = shuffle(30, n_splits=1, train=0.7), iter(range(3, 9))
    found = resplit(
        lambda _: Measurement(normal(2, 1, next(many)), over="unit"),
        Measurement(normal(0, 1, 4), over="unit"),
        own,
        30,
        KEYED,
    )
    expected = [float(normal(2, 1, units).median(dim=1).values) for units in (3, 5, 7)]
    assert found["stimulus"].values[::2] == pytest.approx(expected)
    assert set(found) == {"stimulus"}


def test_neuroids_are_drawn_and_scored_as_the_score_is():
    found = stored(measured(), SPLITS, 30, KEYED)
    values, draws = normal(0, 4, 9).numpy(), list(KEYED.draws("neuroid", 9))
    expected = np.stack([np.median(values[:, draw], axis=1) for draw in draws])
    assert found["neuroid"].values == pytest.approx(expected.mean(axis=1))
    assert (found["neuroid"].way, found["neuroid"].count) == ("bootstrap", 9)
    assert found["both"].values == pytest.approx(expected[:JOINT].flatten())


def test_a_neuroid_without_a_value_is_skipped_in_each_draw():
    values = normal(0, 4, 9)
    values[:, 2] = torch.nan
    found = stored(Measurement(values, centre="mean"), SPLITS, 30, KEYED)["neuroid"]
    draw = next(iter(KEYED.draws("neuroid", 9)))
    assert found.values[0] == pytest.approx(np.nanmean(values.numpy()[:, draw], axis=1).mean())


@pytest.mark.parametrize("bins", [1, 3])
def test_subjects_are_drawn_with_all_that_they_have(bins):
    values, groups = normal(0, 4, bins, 9), [torch.arange(3), torch.arange(3, 5), torch.arange(5, 9)]
    given = Measurement(values if bins > 1 else values[:, 0], groups=groups)
    own = np.stack([np.median(values[..., group].numpy(), axis=2).mean(axis=(0, 1)) for group in groups])
    found = stored(given, SPLITS, 30, KEYED)
    expected = [own[draw].mean() for draw in KEYED.draws("subject", 3)]
    assert found["subject"].values == pytest.approx(expected)
    assert found["subject"].count == 3
    assert "neuroid" not in found


def test_neuroids_of_subjects_are_drawn_within_each_where_that_is_asked():
    groups = [torch.arange(5), torch.arange(5, 9)]
    found = stored(measured(groups=groups), SPLITS, 30, KEYED, over=("neuroid",))
    first, second = (
        next(iter(KEYED.draws(name, n))) for name, n in (("neuroid", 5), ("neuroid of subject 1", 4))
    )
    values = normal(0, 4, 9).numpy()
    parts = [np.median(values[:, first], axis=1), np.median(values[:, 5 + second], axis=1)]
    assert set(found) == {"neuroid"}
    assert found["neuroid"].values[0] == pytest.approx(np.mean(parts))
    assert found["neuroid"].count == 4


@pytest.mark.parametrize(
    ("values", "over", "due"),
    [
        ((1, 5), "neuroid", {"neuroid"}),
        ((4, 1), "neuroid", {"stimulus"}),
        ((4, 5), "unit", {"stimulus"}),
        ((4, 1), "all", {"stimulus"}),
        ((1, 1), "all", set()),
        ((4, 5), "subject", {"stimulus", "subject", "both"}),
    ],
)
def test_a_factor_of_one_member_has_no_replicates(values, over, due):
    found = stored(Measurement(normal(0, *values), over=over), SPLITS[: values[0]], 30, KEYED)
    assert set(found) == due


def test_only_what_is_asked_for_is_sampled():
    assert set(stored(measured(), SPLITS, 30, KEYED, over=("stimulus",))) == {"stimulus"}
    assert set(stored(measured(), SPLITS, 30, KEYED, over=("subject",))) == set()


def test_scores_without_a_group_are_on_what_is_left_of_the_same_splits():
    x, y = related(0, 30, 5, 4, noise=1.0)

    def measure(rows: torch.Tensor) -> Measurement:
        return ridge(x[rows], y[rows], kept(SPLITS, rows, 30))

    found = left_out(measure, measure(torch.arange(30)), 30, KEYED)
    gone = set(KEYED.parts(30)[2].tolist())
    rs = []
    for split in SPLITS:
        train, test = ([i for i in side.tolist() if i not in gone] for side in (split.train, split.test))
        xt, yt = x[train].numpy(), y[train].numpy()
        xc, yc = xt - xt.mean(0), yt - yt.mean(0)
        weights = np.linalg.solve(xc.T @ xc + np.eye(5), xc.T @ yc)
        predicted = x[test].numpy() @ weights
        rs.append(np.median([np.corrcoef(predicted[:, i], y[test].numpy()[:, i])[0, 1] for i in range(4)]))
    assert found["stimulus"].values[2] == pytest.approx(np.mean(rs))
    assert (len(found["stimulus"].values), found["stimulus"].refit) == (6 + 15, False)
    assert found["both"].values.shape == (JOINT * 6,)
    assert found["neuroid"].values == pytest.approx(
        stored(measure(torch.arange(30)), SPLITS, 30, KEYED)["neuroid"].values
    )


def test_what_is_left_of_splits_is_what_was_on_each_side():
    rows = without(torch.tensor([0, 3, 4]), 8)
    (split,) = kept(alternate(8), rows, 8)
    assert rows[split.train].tolist() == [2, 6]
    assert rows[split.test].tolist() == [1, 5, 7]


def test_the_last_of_a_jackknife_are_without_two_groups():
    found = jackknifed(lambda rows: float(rows.sum()), 30, KEYED)
    parts = [set(part.tolist()) for part in KEYED.parts(30)]
    assert found.values[6] == sum(set(range(30)) - parts[0] - parts[1])
    assert found.values[-1] == sum(set(range(30)) - parts[4] - parts[5])


def test_twos_of_many_groups_are_of_ten_that_are_joined():
    sampling = Sampling("k", groups=25)
    found = jackknifed(lambda rows: float(len(rows)), 100, sampling)
    assert found.values[:25].tolist() == [96] * 25
    assert sorted(found.values[25:]) == [76] * 10 + [80] * 25 + [84] * 10


@pytest.mark.parametrize("groups", [2, 3])
def test_of_few_groups_no_two_are_left_out(groups):
    found = jackknifed(lambda rows: float(len(rows)), 12, Sampling("k", groups=groups))
    assert found.values.tolist() == [12 - 12 / groups] * groups


def test_both_factors_are_drawn_as_each_of_them_alone():
    table = normal(0, 6, 5)

    def score(rows: torch.Tensor, columns: torch.Tensor) -> float:
        return float(table[rows][:, columns].mean())

    found = two_factors(score, 6, 5, KEYED, "subject")
    rows, columns = list(KEYED.draws("stimulus", 6)), list(KEYED.draws("subject", 5))
    assert found["stimulus"].values == pytest.approx([float(table[r].mean()) for r in rows])
    assert found["subject"].values == pytest.approx([float(table[:, c].mean()) for c in columns])
    assert found["both"].values[7] == pytest.approx(float(table[rows[7]][:, columns[7]].mean()))
    assert found["stimulus"].values == pytest.approx(
        bootstrapped(lambda r: float(table[r].mean()), 6, KEYED).values
    )


def test_a_null_counts_the_shuffles_that_score_as_high():
    x, y = normal(0, 8), normal(1, 8)
    scores = np.array([float(x[order] @ y) for order in KEYED.orders(8, 50)])
    observed = float(np.sort(scores)[-3])
    found = null(lambda order: float(x[order] @ y), 8, 50, KEYED, observed)
    assert (found.p, found.permutations, found.layers) == (4 / 51, 50, 1)
    assert (found.mean, found.high) == (
        pytest.approx(scores.mean()),
        pytest.approx(np.quantile(scores, 0.95)),
    )


def test_the_null_of_a_best_layer_is_of_the_best_of_each_shuffle():
    layers = normal(0, 8, 3)
    layers[:, 1] = torch.nan
    found = null(lambda order: layers[order].sum(dim=0) + order[0], 8, 40, KEYED, 3.0)
    expected = [float(layers[:, [0, 2]].sum(dim=0).max()) + int(order[0]) for order in KEYED.orders(8, 40)]
    assert found.layers == 3
    assert found.mean == pytest.approx(np.mean(expected))
    assert found.p == pytest.approx((1 + np.sum(np.array(expected) >= 3.0)) / 41)


def test_a_null_needs_shuffles_that_have_scores():
    with pytest.raises(MetricError, match="0 permutations"):
        null(lambda order: 0.0, 8, 0, KEYED, 0.1)
    with pytest.raises(MetricError, match="5 of 5 shuffles have no score"):
        null(lambda order: float("nan"), 8, 5, KEYED, 0.1)
