"""Encoding, veRSA and cRSA against refits, scikit-learn and loops of numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeCV
from sklearn.random_projection import johnson_lindenstrauss_min_dim

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import correlation, leave_one_out, own_alpha, rsa
from pytest_brainscore.metrics.encoding import crsa, encode, encoding, versa
from pytest_brainscore.metrics.splits import alternate, given_rows, shuffle
from tests.strategies import normal, related

N, M = 60, 9
ALPHAS = [10.0**k for k in range(-1, 8)]
SHAPES = pytest.mark.parametrize("p", [6, 29, 30, 31, 150], ids=lambda p: f"{p} units")
CRITERIA = pytest.mark.parametrize("criterion", ["squared_error", "pearson"])
WAYS = pytest.mark.parametrize("many", [0, 8], ids=["many", "few"])
"""Times the stimuli that neuroids must be to go by maps between stimuli."""
GROUPS = [torch.arange(6), torch.arange(4, 9), torch.tensor([0, 3, 8])]


def problem(p=40, noise=1.0, m=M):
    """Units of very different size, far from zero; neuroids of very different predictability."""
    x, y = related(0, N, p, m, noise=0.0)
    x = x * (0.2 * normal(6, p)).exp() * 5 + 40 * normal(7, p)
    return x, y + torch.linspace(0.1, 8, m) * noise * normal(8, N, m) + 3


def halves():
    return alternate(N)


def z_scored(x, split):
    mean, deviation = x[split.train].mean(0), x[split.train].std(0, correction=0)
    return ((x - mean) / deviation).numpy()


def refits(x, y, split, alpha):
    """Each training stimulus predicted by a fit on the others, their means and all."""
    z, y, rows = z_scored(x, split)[split.train], y[split.train].numpy(), np.arange(len(split.train))
    return np.stack([refit(z[rows != i], y[rows != i], z[i], alpha) for i in rows])


def refit(x, y, test, alpha):
    mean, centred = x.mean(0), x - x.mean(0)
    dual = np.linalg.solve(centred @ centred.T + alpha * np.eye(len(x)), y - y.mean(0))
    return (test - mean) @ centred.T @ dual + y.mean(0)


@WAYS
@SHAPES
@pytest.mark.parametrize("alpha", ALPHAS)
def test_left_out_predictions_are_those_of_refits(monkeypatch, p, alpha, many):
    monkeypatch.setattr(own_alpha, "MANY", many)
    x, y = problem(p)
    (split,) = halves()
    made = encode(x, y, [split], alphas=[alpha]).splits[0]
    assert np.abs(made.train.numpy() - refits(x, y, split, alpha)).max() < 1e-10


@WAYS
@SHAPES
def test_alphas_and_predictions_are_scikit_learns(monkeypatch, p, many):
    monkeypatch.setattr(own_alpha, "MANY", many)
    monkeypatch.setattr(own_alpha, "TILE", 8)
    x, y = problem(p)
    (split,) = halves()
    z, made = z_scored(x, split), encode(x, y, [split]).splits[0]
    fit = RidgeCV(alphas=ALPHAS, alpha_per_target=True).fit(z[split.train], y[split.train].numpy())
    assert made.alpha.tolist() == fit.alpha_.tolist()
    assert len(set(made.alpha.tolist())) > 1
    assert np.abs(made.test.numpy() - fit.predict(z[split.test])).max() < 1e-10


@WAYS
@SHAPES
@CRITERIA
def test_alpha_is_the_best_of_all_refits(monkeypatch, p, criterion, many):
    monkeypatch.setattr(own_alpha, "MANY", many)
    x, y = problem(p)
    (split,) = halves()
    left_out = [torch.from_numpy(refits(x, y, split, alpha)) for alpha in ALPHAS]
    seen = y[split.train]
    if criterion == "pearson":
        goodness = torch.stack([correlation.pearson(made, seen) for made in left_out])
    else:
        goodness = -torch.stack([(made - seen).square().mean(0) for made in left_out])
    made = encode(x, y, [split], criterion=criterion)
    assert made.splits[0].alpha.tolist() == [ALPHAS[i] for i in goodness.argmax(0)]
    assert made.criterion == criterion


@WAYS
def test_a_tie_keeps_the_smaller_alpha(monkeypatch, many):
    monkeypatch.setattr(own_alpha, "MANY", many)
    x, y = problem()
    made = encode(x, y, halves(), alphas=[1.0, 1.0 + 1e-15, 10.0])
    assert set(made.splits[0].alpha.tolist()) <= {1.0, 10.0}
    again = encode(x, y, halves(), alphas=[1.0, 10.0])
    assert torch.equal(made.splits[0].alpha, again.splits[0].alpha)


@WAYS
def test_close_alphas_are_told_apart_as_float64_tells_them(monkeypatch, many):
    monkeypatch.setattr(own_alpha, "MANY", many)
    x, y = problem()
    alphas = [float(10 * (1 + k * 1e-7)) for k in range(-3, 4)]
    (split,) = halves()
    z = z_scored(x, split)
    fit = RidgeCV(alphas=alphas, alpha_per_target=True).fit(z[split.train], y[split.train].numpy())
    assert encode(x, y, [split], alphas=alphas).splits[0].alpha.tolist() == fit.alpha_.tolist()


@CRITERIA
def test_the_released_grid_is_the_nominal_one_times_the_training_stimuli(criterion):
    x, y = problem()
    released = encode(x, y, halves(), alphas=[0.1, 1, 10], grid="released", criterion=criterion)
    nominal = encode(x, y, halves(), alphas=[3.0, 30, 300], criterion=criterion)
    assert released.grids == ((3.0, 30, 300),)
    assert torch.equal(released.splits[0].test, nominal.splits[0].test)
    assert torch.equal(released.splits[0].alpha, nominal.splits[0].alpha)


def test_columns_of_unit_norm_are_the_released_grid():
    """What the released code came to do: columns scaled to length one instead of variance one."""
    x, y = problem()
    (split,) = halves()
    z = torch.from_numpy(z_scored(x, split)) / 30**0.5
    plain = encode(z, y, [split], alphas=[0.1, 1, 10], scale="none").splits[0]
    released = encode(x, y, [split], alphas=[0.1, 1, 10], grid="released").splits[0]
    torch.testing.assert_close(plain.test, released.test, rtol=0, atol=1e-10)
    torch.testing.assert_close(plain.train, released.train, rtol=0, atol=1e-10)


def test_activations_as_a_whole_have_the_variance_of_their_projections():
    """Of 60 stimuli scikit-learn makes 3,509 columns; test stimuli are scaled by the same number."""
    x, y = problem()
    (split,) = halves()
    columns = johnson_lindenstrauss_min_dim(N, eps=0.1)
    scaled = x * (columns / x[split.train].var(0, correction=0).sum()).sqrt()
    fit = RidgeCV(alphas=ALPHAS, alpha_per_target=True).fit(scaled[split.train], y[split.train])
    made = encode(x, y, [split], scale="whole").splits[0]
    assert made.alpha.tolist() == fit.alpha_.tolist()
    assert np.abs(made.test.numpy() - fit.predict(scaled[split.test])).max() < 1e-9


def test_encoding_is_pearsons_r_of_every_neuroid_on_both_halves():
    x, y = problem()
    (split,) = halves()
    made = encode(x, y, [split]).splits[0]
    told = encoding(x, y, [split])
    own = refit_means_undone(made.train, y[split.train])
    for j in range(M):
        r = np.corrcoef(made.test[:, j], y[split.test][:, j])[0, 1]
        assert told.values[0, j] == pytest.approx(r, abs=1e-12)
        r = np.corrcoef(own[:, j], y[split.train][:, j])[0, 1]
        assert told.also["train"][0, j] == pytest.approx(r, abs=1e-10)
    assert told.raw() == pytest.approx(float(told.values.mean()), abs=1e-12)
    assert torch.equal(told.also["log10_alpha"][0], made.alpha.log10())


def refit_means_undone(left_out, y):
    """Left-out predictions that differ from the mean of all by what the units say alone."""
    others = torch.stack([y[torch.arange(len(y)) != i].mean(0) for i in range(len(y))])
    return left_out - others + y.mean(0)


def numpy_rdm(values):
    return 1 - np.corrcoef(values.numpy())


def alike(a, b):
    rows = np.triu_indices(len(a), 1)
    return np.corrcoef(a[rows], b[rows])[0, 1]


@CRITERIA
def test_versa_is_what_loops_give(criterion):
    x, y = problem()
    (split,) = halves()
    made = encode(x, y, [split], criterion=criterion).splits[0]
    told = versa(x, y, [split], criterion=criterion, groups=GROUPS)
    left_out = made.train if criterion == "pearson" else refit_means_undone(made.train, y[split.train])
    for at, group in enumerate(GROUPS):
        test = numpy_rdm(made.test[:, group])
        assert np.abs(told.rdms[0][at].numpy() - test).max() < 1e-12
        assert float(told.values[0, at]) == pytest.approx(alike(test, numpy_rdm(y[split.test][:, group])))
        train = alike(numpy_rdm(left_out[:, group]), numpy_rdm(y[split.train][:, group]))
        assert float(told.also["train"][0, at]) == pytest.approx(train)


def test_crsa_is_what_loops_give():
    x, y = problem()
    (split,) = halves()
    told = crsa(x, y, [split], groups=GROUPS)
    own = numpy_rdm(x[split.test])
    assert np.abs(told.rdms[0][0].numpy() - own).max() < 1e-12
    for at, group in enumerate(GROUPS):
        assert float(told.values[0, at]) == pytest.approx(alike(own, numpy_rdm(y[split.test][:, group])))
        train = alike(numpy_rdm(x[split.train]), numpy_rdm(y[split.train][:, group]))
        assert float(told.also["train"][0, at]) == pytest.approx(train)


def test_crsa_takes_ready_rdms():
    x, y = problem()
    splits = shuffle(N, n_splits=3, train=0.6)
    ready = crsa(x, rsa.brain_rdms(y, "pearson", GROUPS), splits)
    made = crsa(x, y, splits, groups=GROUPS)
    for a, b in ((ready.values, made.values), (ready.also["train"], made.also["train"])):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
    assert ready.over == made.over == "subject"


def test_versa_of_ready_predictions_takes_ready_rdms():
    x, y = problem()
    splits = shuffle(N, n_splits=3, train=0.6)
    made = encode(x, y, splits)
    ready = versa(made, rsa.brain_rdms(y, "pearson", GROUPS), splits, groups=GROUPS)
    anew = versa(made, y, splits, groups=GROUPS)
    for a, b in ((ready.values, anew.values), (ready.also["train"], anew.also["train"])):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
    assert torch.equal(ready.also["at_lowest"], anew.also["at_lowest"])


@pytest.mark.parametrize("metric", [encoding, versa])
def test_ready_predictions_give_the_very_numbers_of_activations(metric):
    x, y = problem()
    splits = shuffle(N, n_splits=3, train=0.6)
    once = metric(encode(x, y, splits), y, splits, groups=GROUPS)
    anew = metric(x, y, splits, groups=GROUPS)
    assert torch.equal(once.values, anew.values)
    assert torch.equal(once.also["train"], anew.also["train"])
    with pytest.raises(MetricError, match="of other responses or splits"):
        metric(encode(x, y, splits), y[:, 1:], splits)


@pytest.mark.parametrize("metric", [encoding, versa, crsa])
def test_overlapping_groups_are_each_what_they_are_alone(metric):
    x, y = problem()
    together = metric(x, y, halves(), groups=GROUPS)
    each = together.per_part() if metric is encoding else together.values
    alone = [metric(x, y[:, group], halves()).raw() for group in GROUPS]
    assert each[0].tolist() == pytest.approx(alone, abs=1e-12)


@pytest.mark.parametrize("metric", [versa, crsa])
def test_a_group_without_an_rdm_takes_no_other_with_it(metric):
    x, y = problem()
    y[:, 7:] = 2.0
    told = metric(x, y, halves(), groups=[torch.arange(7), torch.tensor([2]), torch.tensor([7, 8])])
    alone = metric(x, y, halves(), groups=[torch.arange(7)])
    assert told.values.isnan().tolist() == [[False, True, True]]
    assert told.also["train"].isnan().tolist() == [[False, True, True]]
    assert float(told.values[0, 0]) == float(alone.values[0, 0]) == pytest.approx(told.raw())
    with pytest.raises(MetricError, match="one unit or neuroid"):
        metric(x, y, halves(), groups=[torch.tensor([2])])


def test_a_constant_neuroid_has_no_number_and_no_alpha():
    x, y = problem()
    y[:, 2] = 5.0
    told = encoding(x, y, halves())
    assert told.also["far_stimuli"].tolist() == [0]
    for figure in (told.values, *(told.also[name] for name in told.also if name != "far_stimuli")):
        assert figure.isnan().nonzero().tolist() == [[0, 2]]


def test_stimuli_are_far_outside_at_a_hundred_times_the_squared_distance():
    x, y = problem()
    (split,) = halves()
    mean = x[split.train].mean(0)
    size = (x[split.train] - mean).square().sum(1).mean().sqrt()
    x[split.test[:3]] = mean
    x[split.test[:3], 0] += torch.tensor([9.9, 10.1, -11.0], dtype=torch.float64) * size
    for metric in (encoding, versa):
        assert metric(x, y, halves(), scale="none").also["far_stimuli"].tolist() == [2]


def test_the_shares_whose_alpha_is_first_or_last():
    x, y = problem()
    grid = [10.0, 100.0, 1000.0]
    chosen = encode(x, y, halves(), alphas=grid).splits[0].alpha
    told = encoding(x, y, halves(), alphas=grid).also
    by_group = versa(x, y, halves(), alphas=grid, groups=GROUPS).also
    for name, alpha in (("at_lowest", 10), ("at_highest", 1000)):
        taken = chosen == alpha
        assert 0 < taken.sum() < M
        assert told[name].tolist() == [taken.double().tolist()]
        assert by_group[name].tolist() == [[float(taken[g].double().mean()) for g in GROUPS]]
        assert encoding(x, y, halves(), alphas=[10.0]).also[name].sum() == 0


def test_unrelated_units_gain_nothing_from_the_mean_of_the_others():
    """All at an alpha without limit: the plain left-out prediction is the mean of the others."""
    x, (_, y) = normal(1, 80, 200), related(2, 80, 3, 40, noise=1.0)
    for metric, released in ((encoding, -1.0), (versa, 0.4)):
        told = metric(x, y, alternate(80), alphas=[1e8])
        plain = metric(x, y, alternate(80), alphas=[1e8], criterion="pearson")
        assert abs(float(told.also["train"].mean())) < 0.12
        assert float(plain.also["train"].mean()) / released > 0.9
        assert torch.equal(told.values, plain.values)


@WAYS
@pytest.mark.parametrize("p", [20, 40])
def test_responses_that_are_predicted_almost_to_the_last_bit_have_the_alphas_of_float64(monkeypatch, p, many):
    """All that float32 says of their errors is rounding."""
    x, (split,) = normal(3, N, p), halves()
    y = x @ normal(4, p, M) + 1e-9 * normal(5, N, M)
    monkeypatch.setattr(own_alpha, "MANY", many)
    given, alphas = y[split.train], [1e-9, 1e-8, 1e-7, 1e-6]
    errors = [np.square(refits(x, y, split, alpha) - given.numpy()).sum(0) for alpha in alphas]
    best = np.argmin(errors, axis=0)
    assert encode(x, y, [split], alphas=alphas).splits[0].alpha.tolist() == [alphas[i] for i in best]


@WAYS
def test_some_neuroids_are_predicted_as_among_all(monkeypatch, many):
    x, y = problem()
    monkeypatch.setattr(own_alpha, "MANY", many)
    whole, some = encode(x, y, halves()), torch.tensor([7, 2, 3])
    part, own = whole.some(some).splits[0], whole.splits[0]
    for name in ("train", "test", "alpha"):
        assert torch.equal(getattr(part, name), getattr(own, name)[..., some])


@WAYS
@CRITERIA
def test_blocks_of_neuroids_change_nothing(monkeypatch, criterion, many):
    monkeypatch.setattr(own_alpha, "MANY", many)
    x, y = problem()
    whole = encode(x, y, halves(), criterion=criterion).splits[0]
    monkeypatch.setattr(leave_one_out, "BYTES_AT_ONCE", 2 * 8 * 30)
    assert len(list(own_alpha.blocks(M, 30))) == 5
    parts = encode(x, y, halves(), criterion=criterion).splits[0]
    assert torch.equal(whole.alpha, parts.alpha)
    torch.testing.assert_close(whole.train, parts.train, rtol=0, atol=1e-12)
    torch.testing.assert_close(whole.test, parts.test, rtol=0, atol=1e-12)


def test_test_rows_play_no_part_in_the_fit():
    x, y = problem()
    (split,) = halves()
    moved = x.clone()
    moved[split.test] += 100
    a, b = (encode(v, y, [split]).splits[0] for v in (x, moved))
    assert torch.equal(a.train, b.train)
    assert torch.equal(a.alpha, b.alpha)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"alphas": [1.0, 0.0]}, "every alpha must be positive"),
        ({"alphas": []}, "every alpha must be positive"),
        ({"criterion": "r2"}, "not 'r2'"),
        ({"grid": "wide"}, "no grid 'wide'"),
        ({"scale": "wide"}, "no scale 'wide' of activations: there are units, whole and none"),
    ],
)
def test_what_cannot_be_asked_for(given, message):
    x, y = problem()
    with pytest.raises(MetricError, match=message):
        encode(x, y, halves(), **given)


def test_what_cannot_be_fitted():
    x, y = problem()
    with pytest.raises(MetricError, match="same for all training stimuli"):
        encode(torch.ones(N, 3), y, halves())
    with pytest.raises(MetricError, match="NaN or infinite"):
        encode(x, y.masked_fill(y > 9, torch.nan), halves())
    with pytest.raises(MetricError, match="fitted on 1 of"):
        encode(x, y, given_rows([0], [1, 2, 3], n=N))
    with pytest.raises(MetricError, match="give at least 3"):
        crsa(x, y, given_rows([0, 1], [2, 3, 4], n=N))
