"""Every neural figure of the reference implementation, from its own inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.cross_decomposition import PLSRegression

from pytest_brainscore.metrics import cka, correlation, predictivity, rsa
from pytest_brainscore.metrics.between_subjects import rsa_bounds
from pytest_brainscore.metrics.normalise import normalise
from pytest_brainscore.metrics.split_half import internal_consistency
from pytest_brainscore.metrics.splits import stratified


@pytest.fixture(scope="module")
def neural(parity: Path) -> dict[str, np.ndarray]:
    return dict(np.load(parity / "brainscore_neural.npz"))


@pytest.fixture(scope="module")
def x(neural):
    return torch.from_numpy(neural["features"])


@pytest.fixture(scope="module")
def y(neural):
    return torch.from_numpy(neural["responses_by_repetition"]).double().mean(dim=0)


@pytest.fixture(scope="module")
def splits(neural):
    return stratified(neural["object_name"].tolist(), n_splits=10, train=0.9, seed=1)


@pytest.fixture(scope="module")
def subsets(neural):
    return stratified(neural["object_name"].tolist(), n_splits=10, test=0.9, seed=1)


@pytest.fixture(scope="module")
def ceiling(neural):
    values = neural["responses_by_repetition"]
    n_repetitions, n_stimuli, n_neuroids = values.shape
    return internal_consistency(
        torch.from_numpy(values.reshape(-1, n_neuroids)),
        np.tile(neural["stimulus_id"], n_repetitions),
        np.repeat(np.arange(n_repetitions), n_stimuli),
    )


def test_splits(neural, splits):
    assert np.array_equal(np.stack([split.test.numpy() for split in splits]), neural["expected.splits.test"])


@pytest.mark.parametrize(
    ("name", "within"),
    [("pls", 2e-3), ("ridge", 5e-5), ("ridgecv", 1e-6), ("linear", 1e-6), ("neuron_to_neuron", 1e-6)],
)
def test_predictivity(neural, x, y, splits, name, within):
    measured = getattr(predictivity, name)(x, y, splits)
    assert measured.values.numpy() == pytest.approx(neural[f"expected.{name}.raw"], abs=within)
    assert measured.raw() == pytest.approx(float(neural[f"expected.{name}.score"]), abs=within)
    assert measured.error() == pytest.approx(float(neural[f"expected.{name}.error"]), abs=within)


def test_pls_is_the_exact_pls2(x, y, splits):
    measured = predictivity.pls(x, y, splits).values
    for split, ours in zip(splits, measured, strict=True):
        exact = PLSRegression(25, scale=False, tol=1e-14, max_iter=20000)
        exact.fit(x[split.train].double().numpy(), y[split.train].numpy())
        predicted = torch.from_numpy(exact.predict(x[split.test].double().numpy()))
        assert ours.numpy() == pytest.approx(correlation.pearson(predicted, y[split.test]).numpy(), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("rdm", lambda x, y, _: rsa.rdm(x, y)),
        ("rdm_cv", rsa.rdm_cv),
        ("cka_unbiased", lambda x, y, _: cka.cka(x, y)),
        ("cka_biased", lambda x, y, _: cka.cka(x, y, debiased=False)),
        ("cka_cv", cka.cka_cv),
    ],
)
def test_similarity(neural, x, y, subsets, name, metric):
    measured = metric(x, y, subsets)
    assert measured.raw() == pytest.approx(float(neural[f"expected.{name}.score"]), abs=1e-6)
    if f"expected.{name}.error" in neural:
        assert measured.error() == pytest.approx(float(neural[f"expected.{name}.error"]), abs=1e-6)


def test_internal_consistency(neural, ceiling):
    assert ceiling.values.numpy() == pytest.approx(neural["expected.internal_consistency.raw"], abs=1e-6)
    assert ceiling.value == pytest.approx(float(neural["expected.internal_consistency.score"]), abs=1e-6)
    assert ceiling.error == pytest.approx(float(neural["expected.internal_consistency.error"]), abs=1e-6)


def test_rsa_ceiling_has_one_rdm_per_subject(neural, y):
    groups = [torch.from_numpy(np.flatnonzero(neural["subject"] == s)) for s in np.unique(neural["subject"])]
    bounds = rsa_bounds(rsa.brain_rdms(y, "pearson", groups))
    assert bounds.value == pytest.approx(float(neural["expected.rsa_ceiling.upper"]), abs=1e-6)
    assert bounds.lower == pytest.approx(float(neural["expected.rsa_ceiling.lower"]), abs=1e-6)


@pytest.mark.parametrize(("name", "within"), [("pls", 2e-3), ("ridge", 5e-5)])
def test_explained_variance(neural, x, y, splits, ceiling, name, within):
    per_split = getattr(predictivity, name)(x, y, splits).per_split()
    ceiled = normalise("r2_over_ceiling", per_split, ceiling.value)
    assert ceiled == pytest.approx(float(neural[f"expected.explained_variance.{name}.score"]), abs=within)


def test_explained_variance_from_the_reference_score_itself(neural):
    for name in ("pls", "ridge"):
        score, ceiling = (float(neural[f"expected.{what}.score"]) for what in (name, "internal_consistency"))
        expected = float(neural[f"expected.explained_variance.{name}.score"])
        assert normalise("r2_over_ceiling", score, ceiling) == pytest.approx(expected, abs=1e-6)
