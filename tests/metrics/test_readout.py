"""The readout against scikit-learn on the raw units, and against the reference implementation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import readout
from pytest_brainscore.metrics.readout import class_probabilities, probabilities


def made(n=60, p=30, n_objects=5, seed=0):
    """Activations (n, p) with scales and offsets of their own, and the objects of all rows."""
    rng = np.random.RandomState(seed)
    labels = np.arange(n) % n_objects
    x = 0.5 * rng.randn(n_objects, p)[labels] + rng.randn(n, p)
    return torch.from_numpy(x * rng.rand(p) * 10 + 3), torch.from_numpy(labels)


def of_scikit_learn(x, fit, labels, c):
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=c, tol=1e-10, max_iter=10_000, solver="newton-cg")
    )
    x = x.double().numpy()
    return model.fit(x[fit], labels).predict_proba(x)


@pytest.mark.parametrize(("p", "c"), [(10, 1e-3), (30, 1.0), (200, 1e-2), (500, 1e-3), (500, 1.0)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_coordinates_give_what_scikit_learn_gives_on_units(p, c, dtype):
    x, labels = made(p=p)
    x, fit = x.to(dtype), torch.arange(45)
    found = probabilities(x, fit, labels[:45], c=c)
    assert found.numpy() == pytest.approx(of_scikit_learn(x, fit.numpy(), labels[:45].numpy(), c), abs=1e-6)
    assert found.dtype == torch.float64


def test_two_objects_are_multinomial_too():
    x, labels = made(n=40, p=6, n_objects=2)
    z = ((x - x.mean(0)) / x.std(0, correction=0)).numpy()
    onto = np.eye(2)[labels]

    def loss(flat, c=0.05):
        weights, intercept = flat[:12].reshape(6, 2), flat[12:]
        return -c * (onto * log_softmax(z @ weights + intercept, axis=1)).sum() + (weights**2).sum() / 2

    best = minimize(loss, np.zeros(14), tol=1e-12).x
    expected = softmax(z @ best[:12].reshape(6, 2) + best[12:], axis=1)
    assert probabilities(x, torch.arange(40), labels, c=0.05).numpy() == pytest.approx(expected, abs=1e-5)


def test_the_reference(parity: Path):
    reference = np.load(parity / "brainscore_behaviour.npz")
    names = reference["readout_labels_fit"].tolist()
    objects = list(dict.fromkeys(names))
    assert objects == reference["expected.readout.choices"].tolist()
    x = torch.from_numpy(
        np.concatenate([reference["readout_features_fit"], reference["readout_features_test"]])
    )
    labels = torch.tensor([objects.index(name) for name in names])
    found = probabilities(x, torch.arange(len(names)), labels)[len(names) :]
    assert found.numpy() == pytest.approx(reference["expected.readout.probabilities"], abs=1e-4)


@pytest.mark.parametrize("p", [20, 300])
def test_units_that_are_constant_where_it_is_fitted_play_no_part(p):
    x, labels = made(p=p)
    fit = torch.arange(40)
    constant = torch.full((60, 3), 0.1, dtype=torch.float64)
    constant[40:] += 7
    found = probabilities(torch.cat([x, constant], dim=1), fit, labels[:40])
    assert found.isfinite().all()
    assert found.numpy() == pytest.approx(probabilities(x, fit, labels[:40]).numpy(), abs=1e-9)


def test_units_are_taken_in_blocks(monkeypatch):
    x, labels = made(p=300)
    whole = probabilities(x, torch.arange(60), labels)
    monkeypatch.setattr(readout, "COLUMNS", 7)
    assert probabilities(x, torch.arange(60), labels).numpy() == pytest.approx(whole.numpy(), abs=1e-9)


def test_scale_and_offset_of_units_and_their_order_do_not_matter():
    x, labels = made(p=300)
    fit = torch.arange(0, 60, 2)
    generator = torch.Generator().manual_seed(0)
    other = (x * torch.rand(300, generator=generator) + 5)[:, torch.randperm(300, generator=generator)]
    expected = probabilities(x, fit, labels[fit])
    assert probabilities(other, fit, labels[fit]).numpy() == pytest.approx(expected.numpy(), abs=1e-8)


def test_columns_are_the_codes_and_rows_are_the_stimuli():
    x, labels = made(p=300)
    fit = torch.arange(60).flip(0)
    found = probabilities(x, fit, labels[fit], c=1.0)
    assert found.shape == (60, 5)
    assert found.sum(dim=1).numpy() == pytest.approx(np.ones(60))
    assert torch.equal(found.argmax(dim=1), labels)
    renamed = (labels + 2) % 5
    assert probabilities(x, fit, renamed[fit], c=1.0).numpy() == pytest.approx(
        found[:, [3, 4, 0, 1, 2]].numpy(), abs=1e-8
    )


def test_what_cannot_be_fitted():
    x, labels = made()
    rows = torch.arange(60)
    with pytest.raises(MetricError, match="1 object"):
        probabilities(x, rows, labels * 0)
    with pytest.raises(MetricError, match=r"labels must be 0 \.\.\. 4"):
        probabilities(x, rows, labels + 1)
    with pytest.raises(MetricError, match="59 rows and 60 labels"):
        probabilities(x, rows[1:], labels)
    with pytest.raises(MetricError, match="NaN or infinite"):
        probabilities(torch.where(x == x[3, 3], torch.nan, x), rows, labels)


def test_objects_are_the_means_of_their_classes():
    logits = np.random.RandomState(0).randn(9, 12).astype(np.float32) * 5
    objects = ((3,), (0, 4, 11), (1, 2))
    each = softmax(logits.astype(np.float64), axis=1)
    expected = np.stack([each[:, list(classes)].mean(axis=1) for classes in objects], axis=1)
    found = class_probabilities(torch.from_numpy(logits), objects)
    assert found.numpy() == pytest.approx(expected, abs=1e-15)
    assert found.dtype == torch.float64


def test_large_logits_do_not_overflow_and_rows_are_read_in_blocks(monkeypatch):
    monkeypatch.setattr(readout, "ROWS", 2)
    logits = torch.tensor([[1000.0, 0, 0], [0, 1e30, 0], [-1e30, 0, 0], [5, 5, 5], [0, 0, 2000]])
    expected = [[1, 0], [0, 0.5], [0, 0.5], [1 / 3, 1 / 3], [0, 0.5]]
    assert class_probabilities(logits, ((0,), (1, 2))).numpy() == pytest.approx(np.array(expected))


def test_logits_that_are_no_numbers():
    logits = torch.zeros(4, 3)
    logits[1, 2], logits[3, 0] = torch.nan, torch.inf
    with pytest.raises(MetricError, match="the logits of 2 of 4 stimuli are NaN or infinite"):
        class_probabilities(logits, ((0,),))
