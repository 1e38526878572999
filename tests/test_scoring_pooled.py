"""The best of several layers, written out: ties, gaps, splits, subjects; and neuroids that regions share."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.measurement import Measurement
from pytest_brainscore.scoring.halves import by_subject, mean_rdm
from pytest_brainscore.scoring.pooled import Best, names_of, per_subject
from pytest_brainscore.scoring.spectra import spectrum_of, table
from pytest_brainscore.scoring.together import joined

GROUPS = (torch.tensor([0, 2]), torch.tensor([1, 3, 4]))


def measured(train, test, **more) -> Measurement:
    """Of (n_splits, n_targets) on either side."""
    sides = [torch.as_tensor(np.asarray(side), dtype=torch.float64) for side in (test, train)]
    return Measurement(sides[0], {"train": sides[1]}, centre="mean", **more)


def best(per, *layers: Measurement, names="abcdefgh"):
    kept = Best(per)
    for name, layer in zip(names, layers, strict=False):
        kept.offer(name, layer)
    return kept.picked()


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 3), st.sampled_from(["subject", "model"]))
def test_the_best_is_that_of_a_loop(seed, n_layers, n_splits, per):
    random = np.random.RandomState(seed)
    train, test = random.randn(2, n_layers, n_splits, 5)
    picked = best(per, *(measured(*both, groups=GROUPS) for both in zip(train, test, strict=True)))
    for split in range(n_splits):
        means = [[layer[split, group.numpy()].mean() for group in GROUPS] for layer in train]
        for part, group in enumerate(GROUPS):
            scores = [np.mean(row) if per == "model" else row[part] for row in means]
            at = int(np.argmax(scores))
            assert picked.layers[split][part] == "abcdefgh"[at]
            values = picked.measured.values[split, group].numpy()
            np.testing.assert_array_equal(values, test[at, split, group.numpy()])
            kept = picked.measured.also["train"][split, group].numpy()
            np.testing.assert_array_equal(kept, train[at, split, group.numpy()])


def test_of_equals_the_first_is_taken_and_rounding_makes_no_difference():
    layers = [measured([[0.5]], [[x]], over="all") for x in (1.0, 2.0)]
    assert best("subject", *layers).layers == (("a",),)
    rounded = measured([[0.5 + 1e-12]], [[3.0]], over="all")
    higher = measured([[0.5 + 1e-6]], [[4.0]], over="all")
    assert best("subject", *layers, rounded).layers == (("a",),)
    assert float(best("subject", *layers, rounded, higher).measured.values) == 4.0


def test_a_layer_without_a_number_is_never_the_best():
    none = measured([[np.nan]], [[9.0]], over="all")
    low = measured([[-0.9]], [[0.1]], over="all")
    assert best("subject", none, low).layers == (("b",),)
    with pytest.raises(MetricError, match="no layer has a score on the training stimuli"):
        best("subject", none, none)
    with pytest.raises(MetricError, match="no layer has a score"):
        Best("model").picked()


def test_a_subject_without_a_number_has_none_of_any_layer():
    layers = [measured([[x, np.nan]], [[x, 1.0]], over="subject") for x in (0.1, 0.2)]
    picked = best("subject", *map(by_subject, layers))
    assert picked.layers == (("b", ""),)
    assert torch.equal(picked.measured.values.isnan(), torch.tensor([[False, True]]))


def test_rdms_are_those_of_each_subjects_layer():
    """cRSA has one of the network, veRSA one for each subject."""
    one, other = torch.full((1, 3, 3), 1.0), torch.stack([torch.full((3, 3), x) for x in (2.0, 3.0)])
    a = by_subject(measured([[0.5, 0.1]], [[0.0, 0.0]], over="subject", rdms=(one,)))
    b = by_subject(measured([[0.4, 0.2]], [[0.0, 0.0]], over="subject", rdms=(other,)))
    (kept,) = best("subject", a, b).measured.rdms
    assert kept[:, 0, 1].tolist() == [1.0, 3.0]
    (kept,) = best("model", a, b).measured.rdms  # the means are equal: the first
    assert kept[:, 0, 1].tolist() == [1.0, 1.0]


def test_figures_of_a_split_go_with_its_layer():
    layers = [measured([[0.1 * i, -0.1 * i]], [[0.0, 0.0]], over="subject") for i in (1, 2)]
    for i, layer in enumerate(layers):
        layer.also["alpha"] = torch.tensor([float(i)])
    picked = best("subject", *map(by_subject, layers))
    assert picked.layers == (("b", "a"),)
    assert picked.measured.also["alpha"].tolist() == [[1.0, 0.0]]


def test_scores_of_a_layer_by_subject():
    layer = measured([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]], [[0, 1, 2, 1, 1], [2, 3, 4, 3, 3]], groups=GROUPS)
    found = per_subject(layer, names_of(layer, ("x", "y")))
    assert found == {"train": {"x": 2.0, "y": pytest.approx(11 / 3)}, "test": {"x": 2.0, "y": 2.0}}
    assert names_of(measured([[1.0]], [[1.0]], over="all"), ()) == ("all",)


@given(st.integers(0, 10**6))
def test_neuroids_that_regions_share_are_there_once(seed):
    random = np.random.RandomState(seed)
    y = torch.tensor(random.randn(6, 9))
    regions = [y[:, random.permutation(9)[: random.randint(1, 9)]] for _ in range(4)]
    every, columns = joined(regions)
    assert every.shape[1] == len({tuple(row) for region in regions for row in region.T.tolist()})
    for region, at in zip(regions, columns, strict=True):
        assert torch.equal(every[:, at], region)


def test_the_mean_of_rdms_is_of_fishers_z():
    rdms = torch.stack([1 - torch.tensor([[1.0, r], [r, 1.0]], dtype=torch.float64) for r in (0.9, 0.1)])
    mean = mean_rdm(rdms, "pearson")
    expected = 1 - np.tanh((np.arctanh(0.9) + np.arctanh(0.1)) / 2)
    assert mean[0, 1] == pytest.approx(expected, abs=1e-12)
    assert mean[0, 0] == 0
    assert mean_rdm(rdms, "euclidean")[0, 1] == pytest.approx(0.5)
    assert torch.equal(mean_rdm(rdms[:1], "pearson"), rdms[0])
    missing = torch.full_like(rdms[:1], torch.nan)
    assert torch.equal(mean_rdm(torch.cat([rdms, missing]), "pearson"), mean)


def test_spectra_of_narrow_layers_end_in_zeros():
    x = torch.tensor(np.random.RandomState(0).randn(8, 3))
    found = spectrum_of(x)
    ratio = found.eigenvalues.sum() ** 2 / (found.eigenvalues**2).sum()
    assert found.figures()["dimensionality"] == pytest.approx(ratio, rel=1e-5)
    kept = table({"narrow": found.eigenvalues, "wide": np.ones(7)})
    assert kept.values.shape == (2, 7)
    assert kept.values[0, 3:].tolist() == [0.0] * 4
    assert kept.to_xarray()["layer"].values.tolist() == ["narrow", "wide"]
    assert spectrum_of(x[:3]) is None
