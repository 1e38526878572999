"""GSN: covariances against explicit likelihoods and projections, ceilings against a known truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.gsn import extrapolated, gsn, too_low
from pytest_brainscore.metrics.signal_and_noise import (
    LEVELS,
    SignalAndNoise,
    held_out_likelihoods,
    nearest_positive,
    signal_and_noise,
)
from pytest_brainscore.metrics.simulation import Simulation, ceilings_of, drawn, scale_of
from tests.metrics.laws import close
from tests.strategies import normal, permutation, rotation

FEW, FOUR = Simulation(n=10), Simulation(n=4)


def truth(m: int = 30, latents: int = 6, noise: float = 2.0) -> SignalAndNoise:
    """A signal of a few dimensions in noise that is correlated between neuroids."""
    loadings, mixing = normal(1, latents, m), normal(2, m, m)
    return SignalAndNoise(normal(3, m) / 2, loadings.T @ loadings / latents, noise * mixing.T @ mixing / m)


def responses(model: SignalAndNoise, n: int, r: int, seed: int = 10) -> torch.Tensor:
    """(n, r, m) drawn from the truth."""
    generator = np.random.default_rng(seed)
    mean, signal, noise = (part.numpy() for part in (model.mean, model.signal, model.noise))
    signals = generator.multivariate_normal(mean, signal, size=n)
    noises = generator.multivariate_normal(0 * mean, noise, size=(n, r))
    return torch.from_numpy(signals[:, None] + noises)


def shown(measured: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    n, r, _ = measured.shape
    return measured.flatten(0, 1), torch.arange(n).repeat_interleave(r)


@pytest.mark.parametrize(("k", "m"), [(40, 8), (6, 9)])
def test_likelihoods_are_those_of_the_shrunk_covariance(k, m):
    rows, held = normal(0, k, m) @ normal(1, m, m), normal(2, 5, m)
    found = held_out_likelihoods(rows, k - 1, held)
    covariance = (rows.T @ rows / (k - 1)).numpy()
    for at in (0, 17, 49) + ((50,) if k > m else ()):
        shrunk = LEVELS[at] * covariance + (1 - LEVELS[at]) * np.diag(np.diag(covariance))
        expected = multivariate_normal(np.zeros(m), shrunk).logpdf(held.numpy()).mean()
        assert float(found[at]) == pytest.approx(expected, rel=1e-9)
    assert (found[-1] == -torch.inf) == (k < m)  # unshrunk, it is singular


def test_nearest_positive_matrix_leaves_out_what_is_below_zero():
    turned = rotation(0, 5)
    given = turned @ torch.tensor([3.0, 1.0, 0.5, -0.5, -2.0], dtype=torch.float64).diag() @ turned.T
    expected = turned @ torch.tensor([3.0, 1.0, 0.5, 0.0, 0.0], dtype=torch.float64).diag() @ turned.T
    close(nearest_positive(given), expected, 1e-12)
    close(nearest_positive(expected), expected, 1e-12)


def by_hand(measured: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The paper's recipe with numpy's covariances and scipy's likelihoods, stimulus by stimulus."""
    n, r, m = measured.shape
    order = np.random.RandomState(seed).permutation(n)
    held, fitted = order[: round(n / 5)], order[round(n / 5) :]

    def shrunk(covariance: np.ndarray, level: float) -> np.ndarray:
        return np.where(np.eye(m, dtype=bool), covariance, level * covariance)

    def level(covariance: np.ndarray, rows: np.ndarray) -> float:
        levels = np.arange(51) * 0.02
        made = [multivariate_normal(np.zeros(m), shrunk(covariance, s)).logpdf(rows).sum() for s in levels]
        return float(levels[np.argmax(made)])

    def positive(matrix: np.ndarray) -> np.ndarray:
        values, vectors = np.linalg.eigh(matrix)
        return vectors @ np.diag(np.maximum(values, 0)) @ vectors.T

    def pooled(stimuli: np.ndarray) -> np.ndarray:
        return np.mean([np.cov(measured[i].T) for i in stimuli], axis=0)

    own = np.concatenate([measured[i] - measured[i].mean(axis=0) for i in held])
    noise = shrunk(pooled(order), level(pooled(fitted), own))
    means = measured.mean(axis=1)
    away = means[held] - means[fitted].mean(axis=0)
    data = shrunk(np.cov(means.T), level(np.cov(means[fitted].T), away))
    both, before = noise, (data - noise / r, noise)
    while True:
        signal = positive(data - both / r)
        both = positive(
            (n * (r - 1) * r**2 * noise + (n - 1) * r * (data - signal)) / (n * r**2 * (r - 1) + n - 1)
        )
        pairs = zip((signal, both), before, strict=True)
        if min(np.corrcoef(new.ravel(), old.ravel())[0, 1] for new, old in pairs) > 0.999:
            return signal, both
        before = signal, both


@pytest.mark.parametrize("noise", [1.0, 8.0])
def test_covariances_are_those_of_the_papers_recipe(noise):
    """With much noise the signal's first covariance is not positive, and both are fitted in turns."""
    measured = responses(truth(6, 2, noise), 25, 3)
    found = signal_and_noise(measured, seed=1)
    for one, expected in zip((found.signal, found.noise), by_hand(measured.numpy(), 1), strict=True):
        close(one, torch.from_numpy(expected), 1e-9)


def test_covariances_are_recovered():
    known = truth(12, 4)
    found = signal_and_noise(responses(known, 3000, 3))
    for one, other in ((found.signal, known.signal), (found.noise, known.noise)):
        assert float((one - other).norm() / other.norm()) < 0.12
        assert float(torch.linalg.eigvalsh(one).min()) > -1e-9
    close(found.mean, known.mean, 0.1)


@pytest.mark.parametrize(("m", "n", "r"), [(30, 200, 3), (80, 60, 4)])
def test_ceiling_of_known_covariances_is_recovered(m, n, r):
    """The truth: RDMs of signals drawn from the known distribution against those of measurements of them."""
    known = truth(m)
    found = gsn(*shown(responses(known, n, r)), Simulation(n=50))
    expected = np.median(ceilings_of(known, drawn(known, Simulation(n=200)), r, Simulation()))
    assert 0.6 < expected < 0.95
    assert found.value == pytest.approx(expected, abs=0.04)


def test_ceiling_of_the_truth_is_what_its_signal_scores():
    """A measurement that takes no part in the model: many stimuli, compared by numpy."""
    known = truth()
    generator = np.random.default_rng(0)
    signal = generator.multivariate_normal(known.mean.numpy(), known.signal.numpy(), size=400)
    noise = generator.multivariate_normal(0 * known.mean.numpy(), known.noise.numpy() / 3, size=400)
    off = np.triu_indices(400, k=1)
    r = np.corrcoef(np.corrcoef(signal)[off], np.corrcoef(signal + noise)[off])[0, 1]
    found = np.median(ceilings_of(known, drawn(known, Simulation(n=200)), 3, Simulation()))
    assert found == pytest.approx(r, abs=0.03)


def test_a_larger_signal_has_a_higher_ceiling():
    known = truth(20)
    draws = drawn(known, FEW)
    scales = [np.median(ceilings_of(known, draws, 3, FEW, scale)) for scale in (0.0, 0.5, 1.0, 2.0)]
    assert scales[0] == 0
    larger = SignalAndNoise(known.mean, 2 * known.signal, known.noise)
    assert scales[3] == pytest.approx(np.median(ceilings_of(larger, drawn(larger, FEW), 3, FEW)))
    assert scales[3] > scales[2] + 0.03 > scales[1] + 0.06


def test_noise_alone_has_no_ceiling():
    assert gsn(*shown(normal(0, 60, 3, 20)), FEW).value < 0.2


def test_more_repetitions_of_some_raise_the_ceiling():
    """Covariances are of three showings of each; what is compared are means of more."""
    measured = responses(truth(), 60, 6)
    values, stimulus = shown(measured)
    repetition = torch.arange(6).repeat(60)
    three = (repetition < 3) | (stimulus < 0)
    mixed = (repetition < 3) | (stimulus % 2 == 0)
    low = gsn(values[three], stimulus[three], FEW)
    high = gsn(values[mixed], stimulus[mixed], FEW)
    assert high.value > low.value + 0.01


def test_subjects_have_ceilings_of_their_own():
    clear, noisy = responses(truth(20, noise=0.5), 50, 3), responses(truth(20, noise=8.0), 50, 3, seed=5)
    values, stimulus = shown(torch.cat([clear, noisy], dim=2))
    groups = [torch.arange(20), torch.arange(20, 40)]
    both = gsn(values, stimulus, FEW, groups=groups)
    alone = [gsn(values[:, group], stimulus, FEW).value for group in groups]
    assert both.parts(1, groups).tolist() == pytest.approx(alone)
    assert both.value == pytest.approx(sum(alone) / 2)
    assert alone[0] > alone[1] + 0.1


def test_seed_and_order_of_showings():
    values, stimulus = shown(responses(truth(), 30, 3))
    first = gsn(values, stimulus, FEW).value
    assert gsn(values, stimulus, FEW).value == first
    assert gsn(values, stimulus, Simulation(n=10, seed=1)).value != first
    order = torch.argsort(permutation(0, 30)[stimulus], stable=True)  # stimuli move, their showings do not
    assert gsn(values[order], stimulus[order], FEW).value == pytest.approx(first, abs=1e-12)


def test_a_signal_of_few_dimensions_is_scaled_as_far_as_it_takes():
    """Shrinking its covariance to the diagonal loses most of it: twice what is left is not enough."""
    generator = np.random.default_rng(0)
    loadings = torch.from_numpy(generator.normal(size=(10, 200)))
    own = 4 * loadings.norm(dim=0).mean() ** 2 * torch.eye(200, dtype=torch.float64)
    known = SignalAndNoise(torch.zeros(200), loadings.T @ loadings, own)
    found = gsn(*shown(responses(known, 60, 3)), FEW)
    expected = np.median(ceilings_of(known, drawn(known, Simulation(n=100)), 3, FEW))
    assert found.value == pytest.approx(expected, abs=0.03)
    assert found.notes == ()


def test_a_signal_that_no_scale_is_enough_for_is_told_of():
    measured = responses(truth(), 40, 3)
    model = signal_and_noise(measured)
    faint = SignalAndNoise(model.mean, model.signal / 100, model.noise)
    scale = scale_of(measured, faint, drawn(faint, FEW), FEW)
    assert scale.short
    assert scale.value == pytest.approx(2 * 1.1**19)
    assert scale.of_draws < scale.of_data - 0.1
    assert not scale_of(measured, model, drawn(model, FEW), FEW).short
    (note,) = too_low([scale, scale])
    assert note == (
        f"ceiling: gsn: too low: halves of the data agree by {scale.of_data:.3f}, those drawn with 12.2"
        f" times the signal's variance, the most there is, by {scale.of_draws:.3f}"
    )


def test_many_neuroids_are_drawn_from_and_it_is_said():
    values, stimulus = shown(responses(truth(48), 40, 3))
    found = gsn(values, stimulus, FOUR, most=20)
    order = np.random.RandomState(0).permutation(48)
    tens = [gsn(values[:, order[i : i + 10]], stimulus, FOUR).value for i in (0, 10, 20, 30)]
    twenties = [gsn(values[:, order[i : i + 20]], stimulus, FOUR).value for i in (0, 20)]
    assert found.also["ceiling_of_drawn"] == pytest.approx(np.mean(twenties), abs=1e-9)
    expected = extrapolated(np.mean(twenties), np.mean(tens), 20, 48)
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.value == pytest.approx(gsn(values, stimulus, FOUR).value, abs=0.1)
    assert found.notes == (
        "ceiling: gsn: of 48 neuroids 2 x 20 and 4 x 10 are drawn (seed 0):"
        f" {np.mean(twenties):.3f}, extrapolated to {found.value:.3f}",
    )
    assert gsn(values, stimulus, FOUR).also == {}


def test_extrapolation_to_one_is_left_undone(monkeypatch):
    values, stimulus = shown(responses(truth(48), 40, 3))
    monkeypatch.setattr("pytest_brainscore.metrics.gsn.extrapolated", lambda *_: None)
    found = gsn(values, stimulus, FOUR, most=20)
    assert found.value == found.also["ceiling_of_drawn"] < 1
    assert found.notes[0].endswith(f": {found.value:.3f}, not extrapolated, which would give 1")


def test_extrapolation_finds_the_law_that_it_assumes():
    ceiling = {m: (1.2 + 90 / m) ** -0.5 for m in (500, 1000, 8000)}
    assert extrapolated(ceiling[1000], ceiling[500], 1000, 8000) == pytest.approx(ceiling[8000])
    assert extrapolated(ceiling[1000], ceiling[500], 1000, 1000) == pytest.approx(ceiling[1000])
    assert extrapolated(0.9, 0.95, 1000, 8000) == pytest.approx(0.9)  # fewer do better by chance
    assert extrapolated(0.95, 0.6, 10, 10_000) is None
    assert extrapolated(0.0, -0.1, 10, 100) == 0.0


def test_neuroids_that_lack_a_showing_are_left_out():
    values, stimulus = shown(responses(truth(20), 40, 3))
    whole = gsn(values[:, 2:], stimulus, FEW)
    values = values.clone()
    values[5, 0] = values[9, 1] = torch.nan
    found = gsn(values, stimulus, FEW)
    assert found.value == whole.value
    assert found.notes == ("ceiling: gsn: of 20 neuroids 18 have all repetitions",)


def test_other_distances_and_comparisons():
    values, stimulus = shown(responses(truth(), 60, 3))
    euclidean = gsn(values, stimulus, Simulation(n=10, distance="euclidean", comparison="spearman"))
    assert 0.3 < euclidean.value < 1


@pytest.mark.parametrize(
    ("n", "r", "message"),
    [
        (12, 1, "gsn needs 10 stimuli, each shown twice: there are 12, of which 12 were shown once"),
        (9, 3, "gsn needs 10 stimuli, each shown twice: there are 9, of which 0 were shown once"),
    ],
)
def test_too_few_stimuli_or_showings(n, r, message):
    with pytest.raises(MetricError, match=message):
        gsn(*shown(normal(0, n, r, 4)), FEW)


def test_what_has_no_rdm_of_one_set_of_responses():
    with pytest.raises(MetricError, match=r"gsn: no distance crossnobis \(use pearson"):
        gsn(*shown(normal(0, 20, 2, 4)), Simulation(distance="crossnobis"))
    with pytest.raises(MetricError, match="1 of 1 neuroids have all repetitions"):
        gsn(*shown(normal(0, 20, 2, 1)), FEW)
