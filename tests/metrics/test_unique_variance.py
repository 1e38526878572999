"""Banded ridge against an explicit solve with scaled blocks, the product measure against himalaya."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from himalaya.backend import get_backend, set_backend
from himalaya.scoring import r2_score_split
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.banded import Banded, Kernels, banded_ridge
from pytest_brainscore.metrics.splits import Split, shuffle
from pytest_brainscore.metrics.unique_variance import product_measure, unique_variance
from tests.metrics.laws import close
from tests.strategies import normal

TRAIN, TEST = slice(0, 40), slice(40, 60)
ALPHAS = (0.01, 0.1, 1.0, 10.0)


def bands() -> list[torch.Tensor]:
    """Three of 60 stimuli: fewer units than stimuli, more, and of another size altogether."""
    return [normal(0, 60, 5) + 3, normal(1, 60, 70), 100 * normal(2, 60, 8)]


def responses(noise: float = 0.5) -> torch.Tensor:
    """Six neuroids: of the first band, of the second's first units, of both, of noise."""
    first, second, _ = bands()
    one, other = first @ normal(3, 5, 6), second[:, :4] @ normal(4, 4, 6)
    of_first = torch.tensor([1.0, 1, 0, 0, 1, 0])
    of_second = torch.tensor([0.0, 0, 1, 1, 1, 0])
    return of_first * one + of_second * other + noise * normal(5, 60, 6) + 2


def kernels(some: list[torch.Tensor]) -> list[Kernels]:
    return [Kernels.of(band[TRAIN], band[TEST]) for band in some]


def scaled(band: torch.Tensor) -> np.ndarray:
    """Centred on the training stimuli, whose squares are one in the mean."""
    centred = (band - band[TRAIN].mean(dim=0)).numpy()
    return centred / np.sqrt((centred[TRAIN] ** 2).sum(axis=1).mean())


def test_banded_ridge_is_an_explicit_solve_with_scaled_blocks():
    y = responses()
    fit = banded_ridge(kernels(bands()), y[TRAIN], candidates=12)
    for target in range(y.shape[1]):
        roots = fit.weights[:, target].sqrt().numpy()
        blocks = [root * scaled(band) for root, band in zip(roots, bands(), strict=True)]
        whole = np.concatenate(blocks, axis=1)
        centred = y[TRAIN, target].numpy() - y[TRAIN, target].numpy().mean()
        penalised = whole[TRAIN].T @ whole[TRAIN] + np.eye(whole.shape[1])
        beta = np.linalg.solve(penalised, whole[TRAIN].T @ centred)
        expected = whole[TEST] @ beta + y[TRAIN, target].numpy().mean()
        assert fit.predicted[:, target].numpy() == pytest.approx(expected, abs=1e-8)
        at = np.cumsum([0, *(block.shape[1] for block in blocks)])
        for number, block in enumerate(blocks):
            part = block[TEST] @ beta[at[number] : at[number + 1]]
            assert fit.parts[number, :, target].numpy() == pytest.approx(part, abs=1e-8)


def test_division_and_alpha_are_those_that_do_best_in_the_folds():
    """Of an equal division and of either band alone, by scikit-learn's Ridge in the same folds."""
    y, two = responses(), bands()[:2]
    fit = banded_ridge(kernels(two), y[TRAIN], candidates=3, alphas=ALPHAS, seed=4)
    divisions = [(0.5, 0.5), (1.0, 0.0), (0.0, 1.0)]
    tried = [(share, alpha) for share in divisions for alpha in ALPHAS]
    errors = np.zeros((len(tried), y.shape[1]))
    for at, (share, alpha) in enumerate(tried):
        x = np.concatenate(
            [part**0.5 * scaled(band)[TRAIN] for part, band in zip(share, two, strict=True)], 1
        )
        for seen, left in KFold(5, shuffle=True, random_state=4).split(x):
            ridge = Ridge(alpha).fit(x[seen], y[TRAIN].numpy()[seen])
            errors[at] += ((ridge.predict(x[left]) - y[TRAIN].numpy()[left]) ** 2).mean(axis=0)
    expected = [np.array(tried[best][0]) / tried[best][1] for best in errors.argmin(axis=0)]
    np.testing.assert_allclose(fit.weights.numpy().T, expected, rtol=1e-10, atol=1e-12)


def test_bands_are_told_apart():
    """A brain of two bands, each of a unit's variance: what either explains, and nothing else."""
    n = 300
    own, other, neither = normal(0, n, 4), normal(1, n, 4), normal(2, n, 4)
    unit = torch.nn.functional.normalize
    signal = own @ unit(normal(3, 4, 9), dim=0), other @ unit(normal(4, 4, 9), dim=0)
    of_own = torch.tensor([1.0, 1, 1, 0, 0, 0, 0.7, 0.7, 0.7])
    of_other = torch.tensor([0.0, 0, 0, 1, 1, 1, 0.7, 0.7, 0.7])
    y = of_own * signal[0] + of_other * signal[1] + 0.5 * normal(5, n, 9)
    beside = {"other": other, "neither": neither}
    found = unique_variance(
        own, y, [Split(torch.arange(150), torch.arange(150, n))], beside=beside, candidates=8
    )
    clean = (1 - 0.25 / y[150:].var(dim=0)).tolist()
    truth = torch.tensor([*clean[:3], 0, 0, 0, *(c / 2 for c in clean[6:])], dtype=torch.float64)
    close(found.values[0], truth, 0.1)
    close(found.also["share"][0], truth, 0.1)
    close(found.also["baselines"][0], torch.tensor(clean) - truth, 0.1)
    close(found.also["share.neither"][0], torch.zeros(9, dtype=torch.float64), 0.05)


def test_what_a_baseline_tells_too_is_not_unique():
    x, y = bands()[0], responses()[:, :2]
    found = unique_variance(x, y, shuffle(60, n_splits=1, train=0.7), beside={"same": x}, candidates=4)
    assert found.values.abs().max() < 1e-3
    assert (found.also["explained_variance"] > 0.8).all()


def test_shares_are_himalayas_and_add_up():
    fit = banded_ridge(kernels(bands()), responses()[TRAIN], candidates=6)
    y = responses()[TEST]
    parts = fit.parts - fit.parts.mean(dim=1, keepdim=True)
    expected = r2_score_split((y - y.mean(dim=0)).numpy(), parts.numpy())
    close(product_measure(fit, y), torch.from_numpy(expected), 1e-10)
    beside = {"b": bands()[1], "c": bands()[2]}
    found = unique_variance(bands()[0], responses(), shuffle(60, n_splits=2), beside=beside, candidates=3)
    added = found.also["share"] + found.also["share.b"] + found.also["share.c"]
    close(added, found.also["explained_variance"], 1e-10)
    close(found.values, found.also["explained_variance"] - found.also["baselines"], 1e-12)


def test_subjects_are_parts_of_one_measurement():
    groups = [torch.tensor([0, 1]), torch.tensor([2, 3, 4, 5])]
    beside, splits = {"b": bands()[1]}, shuffle(60, n_splits=1)
    found = unique_variance(bands()[0], responses(), splits, beside=beside, candidates=3, groups=groups)
    expected = torch.stack([found.values[:, group].mean(dim=1) for group in groups], dim=1)
    close(found.per_part(), expected)
    assert found.raw() == pytest.approx(float(expected.mean()))


def test_a_band_that_is_constant_tells_nothing():
    x, y, splits = bands()[0], responses(), shuffle(60, n_splits=1)
    found = unique_variance(x, y, splits, beside={"grey": torch.ones(60, 3)}, candidates=3)
    close(found.also["baselines"], torch.zeros(1, 6, dtype=torch.float64))
    close(found.also["share.grey"], torch.zeros(1, 6, dtype=torch.float64))


@pytest.mark.parametrize("answers", [[4.0, 4.0], [0.1 + 0.2, 0.3]], ids=["exactly", "up to rounding"])
def test_a_constant_response_has_no_number(answers):
    y = responses()
    y[:, 1] = torch.tensor(answers * 30, dtype=torch.float64)
    found = unique_variance(bands()[0], y, shuffle(60, n_splits=1), beside={"b": bands()[1]}, candidates=2)
    assert found.values.isnan().tolist() == [[False, True, False, False, False, False]]
    assert found.also["share"].isnan().tolist() == found.values.isnan().tolist()


@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_the_backend_of_himalaya_is_put_back(backend):
    before = get_backend().name
    try:
        set_backend(backend)
        first = banded_ridge(kernels(bands()), responses()[TRAIN], candidates=2)
        assert get_backend().name == backend
        with pytest.raises(ValueError, match="could not convert"):
            banded_ridge(kernels(bands()), responses()[TRAIN], alphas=("much",))
        assert get_backend().name == backend
    finally:
        set_backend(before)
    assert isinstance(first, Banded)


def test_without_himalaya_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "himalaya.kernel_ridge", None)
    with pytest.raises(MetricError, match=r'needs himalaya .*: pip install "pytest-brainscore\[fmri\]"'):
        banded_ridge(kernels(bands()), responses()[TRAIN])


def test_folds_need_stimuli():
    with pytest.raises(MetricError, match="banded ridge needs 10 training stimuli for its folds, not 9"):
        unique_variance(bands()[0], responses(), shuffle(60, train=9), beside={"b": bands()[1]})


def test_without_baselines_nothing_is_unique():
    with pytest.raises(MetricError, match="needs a baseline to be unique beside: name some in `over`"):
        unique_variance(bands()[0], responses(), shuffle(60), beside={})
    with pytest.raises(MetricError, match="30 stimuli have activations and 60 have responses"):
        unique_variance(bands()[0], responses(), shuffle(60), beside={"b": bands()[1][:30]})
