from __future__ import annotations

import numpy as np
import pytest
import rsatoolbox
import scipy.stats
import torch
from scipy.spatial.distance import pdist, squareform

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import rsa
from pytest_brainscore.metrics.splits import given_rows, shuffle
from tests.strategies import normal

N = 12


def data() -> tuple[torch.Tensor, torch.Tensor]:
    latent = normal(0, N, 3)
    return latent @ normal(1, 3, 30) + 2, latent @ normal(2, 3, 7) + normal(3, N, 7)


def toolbox_rdms(values: torch.Tensor) -> rsatoolbox.rdm.RDMs:
    return rsatoolbox.rdm.calc_rdm(rsatoolbox.data.Dataset(values.numpy()), method="correlation")


@pytest.mark.parametrize(
    ("distance", "scipys"), [("pearson", "correlation"), ("cosine", "cosine"), ("euclidean", "euclidean")]
)
def test_distances_are_scipys(distance, scipys):
    x, _ = data()
    expected = squareform(pdist(x.numpy(), scipys))
    assert rsa.DISTANCES[distance](x).numpy() == pytest.approx(expected, abs=1e-12)


def test_euclidean_distance_of_equal_stimuli_far_from_the_origin_is_zero():
    x = normal(0, 2, 5).repeat(2, 1) + 1e6
    assert float(rsa.euclidean_distance(x)[0, 2]) == 0.0


def test_euclidean_distance_of_stimuli_that_differ_by_rounding_alone_is_zero():
    """The root of 1e-16 would be 1e-8; a difference of 1e-5 is kept."""
    x = normal(0, 20, 300)
    twins = torch.nextafter(x, torch.tensor(torch.inf, dtype=torch.float64))
    distances = rsa.euclidean_distance(torch.cat([x, twins, x + 1e-5]))
    assert distances[:20, 20:40].diagonal().tolist() == [0.0] * 20
    assert distances[:20, 40:].diagonal().numpy() == pytest.approx(300**0.5 * 1e-5, rel=1e-3)


@pytest.mark.parametrize(
    ("comparison", "theirs"),
    [
        ("spearman", "spearman"),
        ("pearson", "corr"),
        ("cosine", "cosine"),
        ("kendall_tau_a", "tau-a"),
        ("rho_a", "rho-a"),
    ],
)
def test_comparisons_are_rsatoolboxs(comparison, theirs):
    x, y = data()
    expected = rsatoolbox.rdm.compare(toolbox_rdms(x), toolbox_rdms(y), method=theirs)[0, 0]
    assert rsa.rdm(x, y, comparison=comparison).raw() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("comparison", rsa.COMPARISONS)
def test_an_rdm_without_differences_compares_to_nan(comparison):
    flat, other = torch.zeros(1, N, N, dtype=torch.float64), rsa.pearson_distance(data()[0])
    assert rsa.compare(other, flat, comparison).isnan().all()


def test_spearman_of_upper_triangles():
    x, y = data()
    rows = np.triu_indices(N, 1)
    expected = scipy.stats.spearmanr(
        (1 - np.corrcoef(x.numpy()))[rows], (1 - np.corrcoef(y.numpy()))[rows]
    ).statistic
    measured = rsa.rdm(x, y)
    assert measured.raw() == pytest.approx(expected, abs=1e-12)
    assert (measured.over, measured.centre, measured.error()) == ("all", "mean", None)


def test_groups_are_subjects():
    x, y = data()
    groups = [torch.tensor([0, 1, 2]), torch.tensor([3, 4, 5, 6])]
    measured = rsa.rdm(x, y, groups=groups)
    assert measured.over == "subject"
    assert measured.values[0].tolist() == pytest.approx([rsa.rdm(x, y[:, g]).raw() for g in groups])


def test_ready_rdms_are_those_of_their_responses():
    x, y = data()
    groups = [torch.tensor([0, 1, 2]), torch.tensor([3, 4, 5, 6])]
    ready = rsa.rdm(x, rsa.brain_rdms(y, "pearson", groups))
    assert torch.equal(ready.values, rsa.rdm(x, y, groups=groups).values)
    assert ready.over == "subject"


def test_only_the_upper_triangle_of_a_ready_rdm_is_read():
    x, y = data()
    rdms = rsa.brain_rdms(y, "pearson")
    spoilt = rdms.clone()
    spoilt[0, 5, 5] = spoilt[0, 7, 2] = torch.nan
    assert rsa.rdm(x, spoilt).raw() == rsa.rdm(x, rdms).raw()


@pytest.mark.parametrize("ready", [False, True])
def test_rdm_cv_is_rdm_on_the_test_stimuli(ready):
    x, y = data()
    splits = shuffle(N, n_splits=4, test=0.7)
    measured = rsa.rdm_cv(x, rsa.brain_rdms(y, "pearson") if ready else y, splits)
    expected = [rsa.rdm(x[s.test], y[s.test]).raw() for s in splits]
    assert measured.per_split().numpy() == pytest.approx(np.array(expected), abs=1e-12)
    assert measured.error() == pytest.approx(np.std(expected) / 2)


@pytest.mark.parametrize("ready", [False, True])
@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_a_constant_unit_or_neuroid_is_no_trouble(constant, ready):
    x, y = data()
    x[:, 4] = y[:, 2] = constant
    assert np.isfinite(rsa.rdm(x, rsa.brain_rdms(y, "pearson") if ready else y).raw())


def test_a_stimulus_that_drives_all_units_alike_has_no_pearson_distance():
    x, y = data()
    x[3] = 0.1
    with pytest.raises(MetricError, match=r"1 of 12 stimuli are constant over units .* row 3.*euclidean"):
        rsa.rdm(x, y)
    assert np.isfinite(rsa.rdm(x, y, distance="euclidean").raw())
    x[3] = 0
    with pytest.raises(MetricError, match="are zero in every unit"):
        rsa.rdm(x, y, distance="cosine")


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (lambda x, y: rsa.rdm(x, y, distance="pearsn"), "no distance 'pearsn'; did you mean pearson"),
        (lambda x, y: rsa.rdm(x, y, comparison="kendall"), "no comparison 'kendall'.*kendall_tau_a"),
        (lambda x, y: rsa.rdm(x[:2], y[:2]), "RDM of 2 stimuli"),
        (lambda x, y: rsa.rdm(x, y[:5]), "12 stimuli have activations and 5 have responses"),
        (lambda x, y: rsa.rdm(x, y.index_fill(0, torch.tensor([1]), torch.nan)), "7 of 84 values are NaN"),
        (lambda x, y: rsa.rdm(x, y, groups=[torch.tensor([7])]), "group 1 of 1 must name some of the 7"),
        (lambda x, y: rsa.rdm(x, torch.zeros(2, 12, 11)), r"not \(2, 12, 11\)"),
        (lambda x, y: rsa.rdm(x, torch.full((2, 12, 12), torch.nan)), "132 dissimilarities"),
        (
            lambda x, y: rsa.rdm(x, torch.ones(2, 12, 12), groups=[torch.tensor([1])]),
            "one per subject already",
        ),
        (lambda x, y: rsa.rdm_cv(x, y, []), "no splits"),
        (
            lambda x, y: rsa.rdm_cv(x, y, given_rows([0], [1, 2], n=12)),
            "3 test stimuli in every split, not 2",
        ),
    ],
)
def test_what_cannot_be_compared_says_why(attempt, says):
    with pytest.raises(MetricError, match=says):
        attempt(*data())


def test_one_neuroid_has_no_pearson_distance_and_is_told_so():
    x, y = data()
    with pytest.raises(MetricError, match="one unit or neuroid has no Pearson distance"):
        rsa.rdm(x, y, groups=[torch.tensor([0])])
    assert rsa.rdm(x, y, groups=[torch.tensor([0])], distance="euclidean").values.isfinite().all()
