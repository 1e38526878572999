"""Each solver against scikit-learn, leave-one-out against refits; more units than stimuli, and fewer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
from sklearn.pipeline import make_pipeline

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import correlation, leave_one_out, partial_least_squares, regression
from pytest_brainscore.metrics.leave_one_out import LeaveOneOut
from pytest_brainscore.metrics.linalg import centre
from pytest_brainscore.metrics.predictivity import ALPHAS as GRID
from pytest_brainscore.metrics.splits import given_rows, shuffle
from tests.strategies import normal

ALPHAS = [0.1, 1.0, 10.0, 100.0]
SHAPES = pytest.mark.parametrize("n_units", [8, 39, 40, 41, 120], ids=lambda p: f"{p} units")


def problem(n_units: int, m: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    latent = normal(0, 50, 4)
    x = latent @ normal(1, 4, n_units) + normal(2, 50, n_units) + 3
    y = latent @ normal(3, 4, m) + normal(4, 50, m) - 2
    return x[:40], y[:40], x[40:]


def pls(x, y, test, components, extra=()):
    """One split, as the other solvers take it; `extra` splits beside it must make no difference."""
    rows = torch.cat([x, test]), torch.cat([y, y.new_zeros(len(test), y.shape[1])])
    splits = [*given_rows(range(len(x)), range(len(x), len(x) + len(test)), n=len(rows[0])), *extra]
    return partial_least_squares.pls(*rows, splits, components)[0]


def fitted(model, x, y, test):
    return model.fit(x.numpy(), y.numpy()).predict(test.numpy())


@SHAPES
@pytest.mark.parametrize("m", [1, 5, 70])
def test_pls(n_units, m):
    data = problem(n_units, m)
    exact = PLSRegression(6, scale=False, tol=1e-15, max_iter=50000)
    assert pls(*data, 6).values.numpy() == pytest.approx(fitted(exact, *data).reshape(10, m), abs=1e-6)


def test_pls_of_splits_that_end_early_changes_no_other():
    x, y, test = problem(30)
    others = [*given_rows(range(4), range(4, 50), n=50), *given_rows(range(25), [30, 31], n=50)]
    together = pls(x, y, test, 6, others)
    assert torch.allclose(together.values, pls(x, y, test, 6).values, atol=1e-12)


def test_pls_in_parts_where_memory_is_short(monkeypatch):
    x, y = problem(30)[:2]
    splits = shuffle(40, n_splits=5)
    whole = partial_least_squares.pls(x, y, splits, 6)
    monkeypatch.setattr(partial_least_squares, "BYTES_AT_ONCE", 2 * 8 * 30 * 5)
    for a, b in zip(whole, partial_least_squares.pls(x, y, splits, 6), strict=True):
        assert torch.allclose(a.values, b.values, atol=1e-12)


def test_pls_is_not_simpls():
    """One component is the same in both; from the third on the fits part, so three tell them apart."""
    x, y, test = problem(30)
    xc, x_mean = centre(x)
    yc, y_mean = centre(y)
    cross, basis, weights = xc.T @ yc, [], []
    for _ in range(3):
        w = torch.linalg.svd(cross).U[:, 0]
        t = xc @ w
        weights.append((w / t.norm(), yc.T @ t / t.norm()))
        v = xc.T @ t / t.norm()
        for b in basis:
            v = v - b * (b @ v)
        basis.append(v / v.norm())
        cross = cross - torch.outer(basis[-1], basis[-1] @ cross)
    simpls = sum(torch.outer((test - x_mean) @ w, q) for w, q in weights) + y_mean
    exact = fitted(PLSRegression(3, scale=False, tol=1e-15, max_iter=50000), x, y, test)
    assert pls(x, y, test, 3).values.numpy() == pytest.approx(exact, abs=1e-7)
    assert np.abs(simpls.numpy() - exact).max() > 1e-3


@SHAPES
@pytest.mark.parametrize("alpha", [0.01, 1.0, 1e4])
def test_ridge(n_units, alpha):
    data = problem(n_units)
    expected = fitted(Ridge(alpha), *data)
    assert regression.ridge(*data, alpha).values.numpy() == pytest.approx(expected, abs=1e-9)


@SHAPES
def test_linear(n_units):
    data = problem(n_units)
    assert regression.linear(*data).values.numpy() == pytest.approx(
        fitted(LinearRegression(), *data), abs=1e-8
    )


def test_linear_with_twice_the_same_unit_is_of_minimum_norm():
    x, y, test = problem(8)
    twice, again = torch.cat([x, x], dim=1), torch.cat([test, test], dim=1)
    once = regression.linear(x, y, test).values
    assert regression.linear(twice, y, again).values.numpy() == pytest.approx(once.numpy(), abs=1e-10)


@SHAPES
def test_pca_ridge(n_units):
    data = problem(n_units)
    expected = fitted(make_pipeline(PCA(5, svd_solver="full"), Ridge(2.0)), *data)
    assert regression.pca_ridge(*data, components=5, alpha=2.0).values.numpy() == pytest.approx(
        expected, abs=1e-9
    )


@SHAPES
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 1e5])
def test_leave_one_out_is_what_refits_give(n_units, alpha):
    x, y, _ = problem(n_units)
    fit = LeaveOneOut.of(*centre(x), centre(y)[0])
    ours = y - torch.cat([errors[..., 1] for _, errors in fit.errors([1.0, alpha])], dim=1)
    for left_out in range(40):
        rest = [row for row in range(40) if row != left_out]
        refit = fitted(Ridge(alpha, solver="svd"), x[rest], y[rest], x[[left_out]])
        assert ours[left_out].numpy() == pytest.approx(refit[0], abs=1e-8)


@SHAPES
@pytest.mark.parametrize("per_neuroid", [False, True])
def test_ridge_loo_is_ridgecv(n_units, per_neuroid):
    data = problem(n_units)
    theirs = RidgeCV(alphas=ALPHAS, alpha_per_target=per_neuroid)
    expected = fitted(theirs, *data)
    ours = regression.ridge_loo(*data, ALPHAS, per_neuroid)
    assert ours.chose["alpha"].numpy() == pytest.approx(theirs.alpha_)
    assert ours.values.numpy() == pytest.approx(expected, abs=1e-8)


@SHAPES
@pytest.mark.parametrize("m", [5, 70])
@pytest.mark.parametrize("per_neuroid", [False, True])
def test_ridge_loo_of_99_alphas_is_ridgecv(n_units, m, per_neuroid):
    x, y, test = problem(n_units, m)
    y[:, 1] = 0.3
    theirs = RidgeCV(alphas=GRID, alpha_per_target=per_neuroid)
    expected = fitted(theirs, x, y, test)
    ours = regression.ridge_loo(x, y, test, GRID, per_neuroid)
    if per_neuroid:  # a constant target has no best alpha
        theirs.alpha_[1] = float(ours.chose["alpha"][1])
    assert ours.chose["alpha"].numpy() == pytest.approx(theirs.alpha_)
    assert ours.values.numpy() == pytest.approx(expected, abs=1e-8)


def test_the_one_alpha_is_that_of_all_targets_however_many():
    """The first 40 are noise, which wants a large alpha; the others, and all together, want a small one."""
    x, _, test = problem(8)
    y = torch.cat([normal(5, 40, 40), 10 * x @ normal(6, 8, 30)], dim=1)
    ours, noise = (regression.ridge_loo(x, some, test, ALPHAS) for some in (y, y[:, :40]))
    assert float(noise.chose["alpha"]) == 100
    assert float(ours.chose["alpha"]) == RidgeCV(alphas=ALPHAS).fit(x, y).alpha_ == 0.1


@SHAPES
@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e4])
def test_errors_at_99_alphas_are_those_of_each_alone(n_units, unit):
    x, y, _ = problem(n_units)
    x[7] *= 1e3  # of a leverage near one
    y[:, 1], y[:, 2] = 0.3, 1e6 * y[:, 2]
    fit = LeaveOneOut.of(*centre(unit * x), centre(y)[0])
    ours = torch.cat([errors for _, errors in fit.errors(GRID)], dim=1)
    alone = [torch.cat([errors for _, errors in fit.errors([alpha])], dim=1) for alpha in GRID]
    size = torch.linalg.vector_norm(torch.cat(alone, dim=2), dim=0, keepdim=True)
    assert float(((ours - torch.cat(alone, dim=2)) / size.clamp(min=1e-300)).abs().max()) < 1e-9


@SHAPES
@pytest.mark.parametrize("criterion", ["squared_error", "pearson"])
def test_ridge_loo_takes_targets_in_parts(n_units, criterion, monkeypatch):
    data = problem(n_units)
    whole = regression.ridge_loo(*data, ALPHAS, True, criterion)
    monkeypatch.setattr(leave_one_out, "BYTES_AT_ONCE", 2 * 8 * 40)
    parts = regression.ridge_loo(*data, ALPHAS, True, criterion)
    assert data[1].shape[1] > 2
    assert torch.equal(whole.chose["alpha"], parts.chose["alpha"])
    assert torch.allclose(whole.values, parts.values, atol=1e-12)


@pytest.mark.parametrize("per_neuroid", [False, True])
def test_ridge_loo_by_pearson(per_neuroid):
    x, y, test = problem(60)
    r = []
    for alpha in ALPHAS:
        left_out = [
            Ridge(alpha)
            .fit(np.delete(x.numpy(), i, 0), np.delete(y.numpy(), i, 0))
            .predict(x[[i]].numpy())[0]
            for i in range(40)
        ]
        r.append(correlation.pearson(torch.tensor(np.array(left_out)), y).numpy())
    best = np.argmax(r, axis=0) if per_neuroid else np.argmax(np.mean(r, axis=1))
    chosen = regression.ridge_loo(x, y, test, ALPHAS, per_neuroid, "pearson").chose["alpha"]
    assert chosen.numpy() == pytest.approx(np.array(ALPHAS)[best])


def test_of_equal_alphas_the_first_is_chosen():
    x, y, test = problem(10)
    chosen = regression.ridge_loo(x, torch.ones_like(y), test, [5.0, 1.0, 10.0]).chose["alpha"]
    assert float(chosen) == 5.0


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan")])
def test_alpha_must_be_positive(alpha):
    with pytest.raises(MetricError, match="positive"):
        regression.ridge(*problem(10), alpha)
    with pytest.raises(MetricError, match="positive"):
        regression.ridge_loo(*problem(10), [1.0, alpha])


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_best_unit_is_the_one_of_highest_signed_r(chunk):
    x, y, test = problem(30)
    x[:, 3] = 1.5  # a constant unit is never taken
    r = np.corrcoef(np.delete(x.numpy(), 3, 1).T, y.numpy().T)[:29, 29:]
    best = np.delete(np.arange(30), 3)[r.argmax(axis=0)]
    ours = regression.best_unit(x, y, test, chunk=chunk)
    assert ours.chose["unit"].tolist() == best.tolist()
    assert torch.equal(ours.values, test[:, best])


def test_best_unit_of_none():
    x, y, test = problem(3)
    with pytest.raises(MetricError, match="all 3 units are constant"):
        regression.best_unit(torch.ones_like(x), y, test)
